#include "core/weights/torch_file.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "core/base/error.h"
#include "core/weights/pickle.h"
#include "core/weights/strided.h"

namespace panicle {
namespace {

constexpr int kMaxDepth = 64;                  // of containers in containers
constexpr std::size_t kMaxVisits = 8'000'000;  // shared containers count each time they are met
constexpr std::size_t kMaxKept = 64u << 20;  // bytes of names and of entries, of shared ones each time again
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);  // 0x1950a86a20f9469cfc6c
constexpr std::int64_t kLegacyProtocol = 1001;

using StorageBytes = std::function<Bytes(const PickleStorage&)>;

// Bytes of one element of a storage; an untyped one counts bytes.
std::uint64_t storageUnit(const PickleStorage& storage) {
  return storage.dtype.empty() ? 1 : dtypeSize(storage.dtype);
}

std::uint64_t storageSize(const PickleStorage& storage, const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(storage.count, storageUnit(storage), &bytes)) {
    throw fileError(path, "is damaged: its storage " + inQuotes(storage.key) + " has an impossible size");
  }
  return bytes;
}

// The tensors of nested containers under dotted keys.
class Flattener {
 public:
  Flattener(const Pickle& pickle, const std::filesystem::path& path, const StorageBytes& storage,
            WeightContents& contents)
      : pickle_(pickle), path_(path), storage_(storage), contents_(contents) {}

  void run() {
    if (pickle_.get<std::unique_ptr<PickleTensor>>(pickle_.root) != nullptr) {
      throw fileError(path_, "holds a single tensor without a name, not the weights of a model");
    }
    walk(pickle_.root, "", 0);
    if (contents_.tensors.empty()) {
      throw fileError(
          path_,
          "holds no tensors. A model's weights are saved by torch.save(model.state_dict(), 'FILE.pth')");
    }
    checkNames(contents_.tensors, path_);
  }

 private:
  void walk(PickleId id, const std::string& name, int depth) {
    if (depth > kMaxDepth) throw beyondMeasure();
    if (const auto* tensor = pickle_.get<std::unique_ptr<PickleTensor>>(id)) return add(name, **tensor);
    if (const auto* list = pickle_.get<PickleList>(id)) {
      for (std::size_t i = 0; i < list->items.size(); ++i) {
        if (visit(list->items[i])) walk(list->items[i], join(name, std::to_string(i)), depth + 1);
      }
    } else if (const auto* dict = pickle_.get<PickleDict>(id)) {
      for (const auto& [key, value] : dict->items) {
        if (visit(value)) walk(value, join(name, keyText(key)), depth + 1);
      }
    }
  }

  Error beyondMeasure() const {
    return fileError(path_,
                     "holds containers within containers beyond all measure: it is damaged or made to harm");
  }
  void keep(std::size_t bytes) {
    kept_ += bytes;
    if (kept_ > kMaxKept) throw beyondMeasure();
  }

  // Whether there may be tensors. Plain values count too: a shared list of them is gone through each time.
  bool visit(PickleId id) {
    if (++visits_ > kMaxVisits) throw beyondMeasure();
    return pickle_.get<std::unique_ptr<PickleTensor>>(id) != nullptr ||
           pickle_.get<PickleList>(id) != nullptr || pickle_.get<PickleDict>(id) != nullptr;
  }

  std::string join(const std::string& name, const std::string& key) {
    if (name.size() + key.size() > kMaxName)
      throw fileError(path_, "has a tensor whose name is too long to be one");
    keep(name.size() + key.size());
    return name.empty() ? key : name + "." + key;
  }

  std::string keyText(PickleId key) const {
    if (const auto* text = pickle_.get<PickleText>(key)) return text->text;
    if (const auto* number = pickle_.get<std::int64_t>(key)) return std::to_string(*number);
    throw fileError(
        path_, "has a dict whose keys are neither texts nor whole numbers, so its tensors have no names");
  }

  void add(const std::string& name, const PickleTensor& tensor);

  static constexpr std::size_t kMaxName = 4096;

  const Pickle& pickle_;
  const std::filesystem::path& path_;
  const StorageBytes& storage_;
  WeightContents& contents_;
  std::size_t visits_ = 0;
  std::size_t kept_ = 0;
};

// The last element that a tensor reaches in its storage, null when that does not fit 63 bits.
std::optional<std::int64_t> lastElement(const PickleTensor& tensor, std::int64_t first) {
  std::int64_t last = first;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return std::nullopt;
  }
  return last;
}

void Flattener::add(const std::string& name, const PickleTensor& tensor) {
  const std::string what = "tensor " + inQuotes(name);
  const auto bytes = tensorBytes(tensor.dtype, tensor.shape);
  if (!bytes) throw fileError(path_, "is damaged: " + what + " has an impossible shape");
  const std::uint64_t unit = dtypeSize(tensor.dtype);
  const Bytes storage = storage_(tensor.storage);
  keep(sizeof(TensorEntry) + tensor.shape.size() * sizeof(tensor.shape[0]));
  contents_.tensors.push_back({name, tensor.dtype, tensor.shape, {}});
  if (*bytes == 0) return;

  const auto elements = static_cast<std::int64_t>(storage.size() / unit);
  std::int64_t first = 0;
  std::optional<std::int64_t> last;
  if (!__builtin_add_overflow(tensor.offset, tensor.storage.view, &first)) last = lastElement(tensor, first);
  if (!last || *last >= elements)
    throw fileError(path_, "is damaged: " + what + " reaches behind its storage");
  const Bytes from = storage.subspan(static_cast<std::uint64_t>(first) * unit);
  if (isRowMajor(tensor.shape, tensor.strides)) {
    contents_.tensors.back().bytes = from.first(*bytes);
    return;
  }
  if (*bytes > storage.size()) {
    throw fileError(path_,
                    what + " repeats elements of its storage (torch's expand); save it with .contiguous()");
  }
  const std::span<std::byte> copy = contents_.memory.allocate(*bytes);
  copyRowMajor(from.data(), tensor.shape, tensor.strides, unit, copy);
  contents_.tensors.back().bytes = copy;
}

// PREFIX/ of the archive's PREFIX/data.pkl.
std::optional<std::string> torchPrefix(const ZipArchive& archive) {
  constexpr std::string_view kName = "data.pkl";
  for (const std::string& name : archive.names()) {
    const bool ends =
        name.ends_with(kName) && (name.size() == kName.size() || name[name.size() - kName.size() - 1] == '/');
    if (ends) return name.substr(0, name.size() - kName.size());
  }
  return std::nullopt;
}

void readLegacyFacts(ByteReader& in) {
  const Pickle protocol = readPickle(in);
  const auto* number = protocol.get<std::int64_t>(protocol.root);
  if (number == nullptr || *number != kLegacyProtocol)
    throw fileError(in.path(), "is of a version of torch.save's format that is not known");
  const Pickle facts = readPickle(in);
  const auto* dict = facts.get<PickleDict>(facts.root);
  const PickleValue* little = dict == nullptr ? nullptr : facts.find(*dict, "little_endian");
  const bool* value = little == nullptr ? nullptr : std::get_if<bool>(little);
  if (value == nullptr) throw fileError(in.path(), "is damaged: it does not say how its numbers are kept");
  if (!*value)
    throw fileError(in.path(), "was written on a big-endian machine; save it again on another one");
}

// The storages that an object speaks of, by key.
std::map<std::string, const PickleStorage*> storagesOf(const Pickle& object,
                                                       const std::filesystem::path& path) {
  std::map<std::string, const PickleStorage*> storages;
  for (const PickleValue& value : object.values) {
    const auto* storage = std::get_if<std::unique_ptr<PickleStorage>>(&value);
    if (storage == nullptr) continue;
    const PickleStorage& known = *storages.emplace((*storage)->key, storage->get()).first->second;
    if (known.count != (*storage)->count || known.dtype != (*storage)->dtype) {
      throw fileError(path, "is damaged: its storage " + inQuotes(known.key) + " is said to be of two kinds");
    }
  }
  return storages;
}

std::map<std::string, Bytes> readLegacyStorages(ByteReader& in, const Pickle& object) {
  const auto known = storagesOf(object, in.path());
  const Pickle keys = readPickle(in);
  const auto* list = keys.get<PickleList>(keys.root);
  if (list == nullptr) throw fileError(in.path(), "is damaged: it has no list of its storages");
  std::map<std::string, Bytes> storages;
  for (const PickleId id : list->items) {
    const auto* key = keys.get<PickleText>(id);
    const auto storage = key == nullptr ? known.end() : known.find(key->text);
    if (storage == known.end())
      throw fileError(in.path(), "is damaged: it lists a storage that no tensor has");
    if (in.value<std::uint64_t>() != storage->second->count) {
      throw fileError(in.path(),
                      "is damaged: its storage " + inQuotes(key->text) + " is not as long as it should be");
    }
    if (!storages.emplace(key->text, in.take(storageSize(*storage->second, in.path()))).second) {
      throw fileError(in.path(), "is damaged: it has the storage " + inQuotes(key->text) + " twice");
    }
  }
  if (in.left() > 0)
    throw fileError(in.path(), "has " + std::to_string(in.left()) + " bytes behind its last storage");
  return storages;
}

}  // namespace

bool isTorchZip(const ZipArchive& archive) {
  return torchPrefix(archive).has_value();
}

void readTorchZip(ZipArchive& archive, const std::filesystem::path& path, WeightContents& contents) {
  contents.format = WeightFormat::TorchZip;
  const std::string prefix = *torchPrefix(archive);
  const auto isCode = [&](const std::string& name) { return name.starts_with(prefix + "code/"); };
  if (archive.contains(prefix + "constants.pkl") ||
      std::any_of(archive.names().begin(), archive.names().end(), isCode)) {
    throw fileError(path,
                    "is a TorchScript program, not weights alone. Save these in Python: "
                    "torch.save(torch.jit.load(" +
                        inQuotes(path.filename().string()) + ").state_dict(), 'weights.pth')");
  }
  if (archive.contains(prefix + "byteorder") && asText(archive.bytes(prefix + "byteorder")) != "little") {
    throw fileError(path, "was written on a big-endian machine; save it again on another one");
  }
  ByteReader in(archive.bytes(prefix + "data.pkl"), path);
  const Pickle object = readPickle(in);
  std::map<std::string, Bytes> met;  // a deflated entry is inflated once, however many tensors share it
  const auto storage = [&](const PickleStorage& wanted) {
    auto place = met.find(wanted.key);
    if (place == met.end())
      place = met.emplace(wanted.key, archive.bytes(prefix + "data/" + wanted.key)).first;
    if (place->second.size() != storageSize(wanted, path)) {
      throw fileError(path,
                      "is damaged: its storage " + inQuotes(wanted.key) + " is not as long as it should be");
    }
    return place->second;
  };
  Flattener(object, path, storage, contents).run();
}

void readTorchLegacy(Bytes file, const std::filesystem::path& path, WeightContents& contents) {
  contents.format = WeightFormat::TorchLegacy;
  ByteReader in(file, path);
  const Pickle magic = readPickle(in);
  const auto* number = magic.get<PickleLong>(magic.root);
  if (number == nullptr || number->bytes != kMagic) {
    throw fileError(path,
                    "is a Python pickle, but not one that torch.save wrote. Save its tensors in Python: "
                    "torch.save({name: tensor, ...}, 'weights.pth')");
  }
  readLegacyFacts(in);
  const Pickle object = readPickle(in);
  const auto storages = readLegacyStorages(in, object);
  const auto storage = [&](const PickleStorage& wanted) {
    const auto found = storages.find(wanted.key);
    if (found == storages.end())
      throw fileError(path, "is damaged: it lacks the storage " + inQuotes(wanted.key));
    return found->second;
  };
  Flattener(object, path, storage, contents).run();
}

}  // namespace panicle
