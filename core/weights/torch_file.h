// What torch.save writes: the ZIP archive since torch 1.6 and the file of five pickles and raw storages
// before. Internal to core/weights.
#pragma once

#include <filesystem>

#include "core/weights/weight_contents.h"
#include "core/weights/zip_archive.h"

namespace panicle {

// PREFIX/data.pkl, PREFIX/data/KEY for each storage, PREFIX/byteorder since torch 2.0. Whether an archive is
// one: it has a data.pkl.
bool isTorchZip(const ZipArchive& archive);
void readTorchZip(ZipArchive& archive, const std::filesystem::path& path, WeightContents& contents);

// The pickles of a magic number, the protocol, facts about the machine, the object and the storages' keys;
// then of each storage its count of elements (8 bytes) and these.
void readTorchLegacy(Bytes file, const std::filesystem::path& path, WeightContents& contents);

}  // namespace panicle
