#include "core/eval/provenance.h"

#include <array>
#include <ctime>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

std::string nowUtc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

std::filesystem::path provenancePath(const std::filesystem::path& table) {
  std::filesystem::path path = table;
  return path.replace_extension(".provenance.json");
}

void writeProvenance(const std::filesystem::path& table, const Json& made_from) {
  Json document{{"panicle", PANICLE_VERSION}, {"made", nowUtc()}, {"file", table.filename().string()}, {"sha256", sha256OfFile(table)}};
  document.update(made_from);
  writeAtomically(provenancePath(table), document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json describeTable(const std::filesystem::path& table) {
  Json description{{"kind", "file"}, {"path", std::filesystem::absolute(table).string()}, {"sha256", sha256OfFile(table)}};
  try {
    Json own = readJson(provenancePath(table));
    if (own.is_object() && own.value("sha256", "") == description["sha256"]) description["provenance"] = std::move(own);
  } catch (const std::exception&) {
    // Without one, or with one that cannot be read, the table stands for itself.
  }
  return description;
}

}  // namespace panicle
