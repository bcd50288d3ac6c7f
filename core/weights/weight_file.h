// A weight file of any format, open for reading. Files come from strangers: whatever is wrong with one is an
// Error that names the file, says what is wrong and, where there is one, the remedy; nothing of it is ever
// executed.
//
// The file stays mapped into memory while it is open: when another program cuts it off meanwhile, or its disk
// fails, the system ends this process (SIGBUS) at the next look at the lost bytes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/weights/tensor_entry.h"

namespace panicle {

enum class WeightFormat {
  Safetensors,
  TorchZip,     // torch.save since 1.6
  TorchLegacy,  // torch.save before, and with _use_new_zipfile_serialization=False, as timm's releases were
                // written
  Npz,          // numpy.savez, as Google's ViT checkpoints come
};
const char* toString(WeightFormat format);  // "safetensors", "PyTorch", "PyTorch before 1.6", "NumPy npz"

class WeightFile {
 public:
  // Tells the format by the file's first bytes, not by its name. Pickles may hold tensors and plain
  // containers only.
  static WeightFile open(const std::filesystem::path& path);

  WeightFile(WeightFile&&) noexcept;
  WeightFile& operator=(WeightFile&&) noexcept;
  ~WeightFile();

  const std::filesystem::path& path() const;
  WeightFormat format() const;
  // Every tensor by its full dotted key, in the file's order; of nested dicts {"state_dict": {"a": ...}} as
  // "state_dict.a". What is neither tensor nor container (numbers, strings: an epoch, an optimizer's
  // settings) is left out.
  const std::vector<TensorEntry>& tensors() const;
  const TensorEntry* find(const std::string& name) const;
  // safetensors' __metadata__; of the others empty.
  const std::map<std::string, std::string>& metadata() const;

  // Says that a tensor's bytes will not be read soon, so that a file larger than memory can be gone through:
  // mapped pages are given back. They stay readable.
  void release(const TensorEntry& tensor) const;

 private:
  class Contents;
  explicit WeightFile(std::unique_ptr<Contents> contents);
  std::unique_ptr<Contents> contents_;
};

}  // namespace panicle
