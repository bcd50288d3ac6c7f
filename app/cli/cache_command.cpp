// cache: what the presize cache of a workspace holds, and clearing it.
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <ctime>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/loader/presize_cache.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  bool clear = false;
  bool json = false;
};

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string usedAt(const CachedPack& pack) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(pack.used)));
}

void clear(const std::filesystem::path& folder, bool json) {
  const std::uint64_t bytes = clearCache(folder);
  if (json) {
    printJson({{"folder", folder.string()}, {"cleared_bytes", bytes}});
  } else {
    fmt::print("{} removed from {}\n", mebibytes(bytes), folder.string());
  }
}

void show(const std::filesystem::path& folder, bool json) {
  const auto packs = listCache(folder);
  if (json) {
    Json list = Json::array();
    for (const CachedPack& pack : packs) {
      list.push_back(
          {{"what", pack.what}, {"bytes", pack.bytes}, {"photos", pack.photos}, {"used", usedAt(pack)}});
    }
    printJson({{"folder", folder.string()}, {"bytes", cacheBytes(folder)}, {"packs", list}});
    return;
  }
  TextTable table({"photos resized by", "photos", "size", "last used"});
  for (const CachedPack& pack : packs)
    table.add({pack.what, grouped(pack.photos), mebibytes(pack.bytes), usedAt(pack)});
  if (!packs.empty()) table.print();
  fmt::print("{} in {}\n", mebibytes(cacheBytes(folder)), folder.string());
}

}  // namespace

void addCacheCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand(
      "cache", "The resized photos that runs keep on disk: how much there is, and clearing it");
  command->add_flag("--clear", arguments->clear, "Remove them all; a run that uses them decodes again");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] {
    const auto folder = presizeFolder(arguments->workspace);
    arguments->clear ? clear(folder, arguments->json) : show(folder, arguments->json);
  });
}

}  // namespace panicle::cli
