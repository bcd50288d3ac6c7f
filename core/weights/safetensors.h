// The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian header length,
// a JSON header
// {"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {text: text}}, then the tensors' bytes without
// gaps. Reading is strict, because weight files come from strangers: every violation is an Error naming the
// file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/held_file.h"
#include "core/weights/tensor_entry.h"

namespace panicle {

// Writes atomically. The header keeps the entries' order; the data is ordered by falling element size, as the
// format's own writer does, because Python reads a tensor only where its elements are aligned. Throws Error
// for a name that is there twice or is not UTF-8, an unknown dtype and bytes that do not agree with dtype and
// shape.
void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata = {});

// As above for tensors that are not in memory all at once: the entries' own bytes are not looked at;
// `bytes(i)` is asked for those of entry i, once for each, and what it gives must stay until it is called
// again.
using TensorBytes = std::function<std::span<const std::byte>(std::size_t index)>;
void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata, const TensorBytes& bytes);

// As above, but nothing is on the disk yet: commit() of the result brings it there. For who does not want to wait for
// the disk.
std::unique_ptr<HeldFile> stageSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                                           const std::map<std::string, std::string>& metadata, const TensorBytes& bytes,
                                           std::shared_ptr<HeldMemory> memory = std::make_shared<HeldMemory>());

struct WeightContents;

// Reading is WeightFile's (weight_file.h); this is its part for this format. Tensors come in the header's
// order. Refuses: a header over 100 MB or longer than the file, one that does not start with '{', invalid
// JSON, anything but what the format has in it, names twice, unknown dtypes, byte ranges that overlap, leave
// a gap, disagree with dtype and shape or do not end with the file.
void readSafetensors(std::span<const std::byte> file, const std::filesystem::path& path,
                     WeightContents& contents);

}  // namespace panicle
