// What a written table was made from: a JSON document beside it, so that a submission can be traced to the runs, and made again.
#pragma once

#include <filesystem>

#include "core/base/json.h"

namespace panicle {

// "subm.csv" -> "subm.provenance.json", in the same folder.
std::filesystem::path provenancePath(const std::filesystem::path& table);

// Beside `table`, which is written: Panicle's version, the time (UTC), the file's name and SHA-256, then `made_from`'s entries. Throws Error.
void writeProvenance(const std::filesystem::path& table, const Json& made_from);

// Of a table that another program or an earlier command wrote: its path, its SHA-256, and the provenance beside it, where there is one that is
// of the very file.
Json describeTable(const std::filesystem::path& table);

}  // namespace panicle
