#include "core/models/weight_search.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <initializer_list>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/weights/download.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;

constexpr std::array kExtensions{".safetensors", ".pth", ".pt", ".bin", ".npz"};
constexpr std::array kHubFiles{"model.safetensors",
                               "pytorch_model.bin"};  // what timm 1.0 loads, in its order
constexpr std::size_t kLongestRevision = 256;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// "~/x" as Python's expanduser has it.
fs::path expanded(const std::string& text) {
  if (!text.starts_with("~") || (text.size() > 1 && text[1] != '/')) return text;
  return environment("HOME") + text.substr(1);
}

// The first of these variables that is set, else `fallback`.
fs::path folderFrom(std::initializer_list<const char*> names, const fs::path& fallback) {
  for (const char* name : names) {
    if (const std::string value = environment(name); !value.empty()) return expanded(value);
  }
  return fallback;
}

fs::path userCache() {
  return folderFrom({"XDG_CACHE_HOME"}, expanded("~/.cache"));
}

// torch.hub.get_dir() / checkpoints.
fs::path torchCheckpoints() {
  return folderFrom({"TORCH_HOME"}, userCache() / "torch") / "hub" / "checkpoints";
}

// huggingface_hub.constants.HF_HUB_CACHE; HUGGINGFACE_HUB_CACHE is its former name.
fs::path huggingFaceHub() {
  return folderFrom({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"},
                    folderFrom({"HF_HOME"}, userCache() / "huggingface") / "hub");
}

// "timm/resnet18.a1_in1k" -> "models--timm--resnet18.a1_in1k".
fs::path hubFolder(const std::string& repository) {
  std::string name = "models--" + repository;
  name.replace(name.find('/'), 1, "--");
  return huggingFaceHub() / name;
}

bool isFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

NamedArchitecture known(const std::string& name) {
  const NamedArchitecture found = findArchitecture(name);
  if (!found.architecture) throw Error(unknownArchitecture(name));
  return found;
}

// The names under which the workspace may keep these weights; the first is the one that we write.
std::vector<std::string> aliases(const NamedArchitecture& wanted) {
  const Architecture& architecture = *wanted.architecture;
  std::vector<std::string> names;
  if (!wanted.pretrained || wanted.pretrained == &architecture.pretrained.front())
    names.push_back(architecture.name);
  if (!wanted.pretrained) return names;
  names.push_back(architecture.modern_name + "." + wanted.pretrained->tag);
  const NamedArchitecture untagged = findArchitecture(architecture.modern_name);
  const bool same = untagged.architecture == wanted.architecture && untagged.pretrained == wanted.pretrained;
  if (same && architecture.modern_name != architecture.name) names.push_back(architecture.modern_name);
  return names;
}

std::optional<fs::path> inWorkspace(const NamedArchitecture& wanted, const fs::path& workspace) {
  const fs::path folder = workspace / "weights";
  for (const std::string& alias : aliases(wanted)) {
    for (const char* extension : kExtensions) {
      if (const fs::path file = folder / (alias + extension); isFile(file)) return file;
    }
  }
  // As it was fetched by hand.
  const std::string original = wanted.pretrained ? wanted.pretrained->fileName() : "";
  if (!original.empty() && isFile(folder / original)) return folder / original;
  return {};
}

std::optional<fs::path> inTorchHub(const NamedArchitecture& wanted) {
  if (!wanted.pretrained || wanted.pretrained->url.empty()) return {};
  const fs::path file = torchCheckpoints() / wanted.pretrained->fileName();
  return isFile(file) ? std::optional(file) : std::nullopt;
}

// snapshots/REVISION, of the revision that refs/main names; "" where there is none.
fs::path hubSnapshot(const fs::path& repository) {
  const fs::path reference = repository / "refs" / "main";
  std::error_code error;
  const auto size = fs::file_size(reference, error);
  if (error || size == 0 || size > kLongestRevision) return {};
  std::string revision = readText(reference);
  revision.erase(revision.find_last_not_of(" \r\n") + 1);
  if (revision.empty() || revision.find('/') != std::string::npos || revision.starts_with(".")) return {};
  return repository / "snapshots" / revision;
}

std::optional<fs::path> inHuggingFaceHub(const NamedArchitecture& wanted) {
  if (!wanted.pretrained) return {};
  const fs::path snapshot = hubSnapshot(hubFolder(wanted.architecture->hubName(*wanted.pretrained)));
  if (snapshot.empty()) return {};
  for (const char* name : kHubFiles) {
    if (isFile(snapshot / name)) return snapshot / name;
  }
  return {};
}

// A file of another architecture must not stay under this one's name; too little memory to look says nothing
// against it.
void checkDownloaded(const fs::path& file, const Architecture& wanted) {
  try {
    const WeightFileFacts facts = inspectWeights(file);
    if (facts.arch == wanted.name) return;
    throw fileError(file,
                    "what came holds " +
                        (facts.arch.empty() ? "no architecture that Panicle knows" : "a " + facts.arch) +
                        ", not a " + wanted.name + "; it was removed");
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(file, ignored);
    throw;
  }
}

}  // namespace

const char* toString(WeightPlace place) {
  switch (place) {
    case WeightPlace::Workspace:
      return "workspace";
    case WeightPlace::TorchHub:
      return "torch hub cache";
    case WeightPlace::HuggingFaceHub:
      return "Hugging Face hub cache";
  }
  return "";
}

std::optional<FoundWeights> findWeights(const std::string& name, const fs::path& workspace) {
  const NamedArchitecture wanted = known(name);
  if (const auto file = inWorkspace(wanted, workspace)) return FoundWeights{*file, WeightPlace::Workspace};
  if (const auto file = inTorchHub(wanted)) return FoundWeights{*file, WeightPlace::TorchHub};
  if (const auto file = inHuggingFaceHub(wanted)) return FoundWeights{*file, WeightPlace::HuggingFaceHub};
  return {};
}

std::vector<std::string> weightPlaces(const std::string& name, const fs::path& workspace) {
  const NamedArchitecture wanted = known(name);
  std::string names;
  for (const std::string& alias : aliases(wanted)) names += (names.empty() ? "" : " or ") + alias;
  std::vector<std::string> places{"the workspace: " + (workspace / "weights").string() + "/, " + names +
                                  " with .safetensors, .pth, .pt, .bin or .npz"};
  if (!wanted.pretrained) return places;
  if (!wanted.pretrained->url.empty()) {
    places.push_back("the torch hub cache: " + (torchCheckpoints() / wanted.pretrained->fileName()).string());
  }
  const fs::path repository = hubFolder(wanted.architecture->hubName(*wanted.pretrained));
  places.push_back("the Hugging Face hub cache: " + repository.string() + "/snapshots/*/" + kHubFiles[0] +
                   " or " + kHubFiles[1]);
  return places;
}

fs::path workspaceFile(const std::string& name, const fs::path& workspace) {
  return workspace / "weights" / (aliases(known(name)).front() + ".safetensors");
}

std::string hubUrl(const Architecture& architecture, const Pretrained& pretrained) {
  std::string host = environment("HF_ENDPOINT");
  while (host.ends_with('/')) host.pop_back();
  if (host.empty()) host = "https://huggingface.co";
  return host + "/" + architecture.hubName(pretrained) + "/resolve/main/" + kHubFiles[0];
}

bool hubOffline() {
  std::string value = environment("HF_HUB_OFFLINE");
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

fs::path downloadWeights(const std::string& name, const fs::path& workspace, std::stop_token stop,
                         const Progress& progress) {
  const NamedArchitecture wanted = known(name);
  if (!wanted.pretrained) throw Error("the hub has no weights of " + wanted.architecture->name);
  const std::string url = hubUrl(*wanted.architecture, *wanted.pretrained);
  const fs::path file = workspaceFile(name, workspace);
  if (hubOffline()) {
    throw Error("HF_HUB_OFFLINE is set, so nothing is downloaded; unset it, or fetch " + url +
                " elsewhere and put it at " + file.string());
  }
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) throw fileError(file.parent_path(), "cannot be made: " + error.message());
  download({.url = url, .file = file}, std::move(stop), progress);
  checkDownloaded(file, *wanted.architecture);
  return file;
}

}  // namespace panicle
