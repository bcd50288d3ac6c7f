// The recipes that come with Panicle, as the window offers them.
#pragma once

#include <QString>

#include "core/runs/recipes.h"

class QMenu;

namespace panicle::ui {

class Session;

// Makes `run` of a recipe the session's, on the data that is open: one undo step, and the Train page shows it. Columns that the recipe names and the
// open data set does not have are left out, and a notice says so.
void applyRecipe(Session& session, const RunSpec& run);

// What a run of a recipe sets, as rows of an HTML table: network, transforms, schedule, batch ...
QString recipeFacts(const RunSpec& run);

// An entry for each recipe, with what it is for as its tooltip; one with several runs is a menu of them.
void fillRecipeMenu(QMenu& menu, Session& session);

}  // namespace panicle::ui
