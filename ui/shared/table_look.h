// What all tables look like, and how the keyboard leaves them. Which rows can be chosen, and what is edited, is each table's own.
#pragma once

class QTableView;

namespace panicle::ui {

// Whole rows, every second one shaded, no grid and no frame, as high as the table's font asks, whenever that changes; Tab leads on to the
// next widget.
void setTableLook(QTableView& table);

// Columns as wide as what they hold, and the last one as wide as what is left.
void fitColumnsToContents(QTableView& table);

}  // namespace panicle::ui
