#include "core/eval/predictor.h"

#include "core/eval/tta.h"
#include "core/loader/batch_piece.h"
#include "core/loader/batch_tensor.h"
#include "core/models/autocast.h"
#include "core/models/pieces.h"

namespace panicle {
namespace {

torch::Tensor logitsOf(const PredictWith& with, const Batch& batch, const Pipeline& pipeline) {
  const torch::Tensor images = batchTensor(batch, pipeline, with.device);
  const Autocast autocast(with.device, with.precision);
  return with.model.forward(images).to(torch::kFloat32).cpu();
}

torch::Tensor logitsByPieces(const PredictWith& with, const Batch& batch, const Pipeline& pipeline, PieceByPiece& byPiece) {
  return byPiece(batch.count, [&](int first, int count) {
    return count == batch.count ? logitsOf(with, batch, pipeline) : logitsOf(with, pieceOf(batch, first, count), pipeline);
  });
}

void append(std::vector<float>& list, const torch::Tensor& rows) {
  const torch::Tensor values = rows.contiguous();
  list.insert(list.end(), values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
}

void keep(Outputs& outputs, const torch::Tensor& logits, const std::vector<Target>& targets,
          const Batch& batch) {
  const auto rows = static_cast<std::size_t>(batch.count);
  outputs.items.insert(outputs.items.end(), batch.items.begin(), batch.items.begin() + batch.count);
  std::vector<torch::Tensor> columns;
  std::vector<float> losses(rows * targets.size());
  std::int64_t first = 0;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const auto width = static_cast<std::int64_t>(targets[t].outputs());
    const torch::Tensor own = logits.narrow(1, first, width);
    first += width;
    columns.push_back(targets[t].isNumber() ? own : torch::softmax(own, 1));
    if (targets[t].isNumber()) continue;
    const torch::Tensor logProbabilities = torch::log_softmax(own, 1);
    const auto logs = logProbabilities.accessor<float, 2>();
    for (std::size_t i = 0; i < rows; ++i) {
      const int actual = classOf(targets[t], batch.items[i]);
      if (actual >= 0) losses[i * targets.size() + t] = -logs[static_cast<std::int64_t>(i)][actual];
    }
  }
  append(outputs.values, torch::cat(columns, 1));
  outputs.losses.insert(outputs.losses.end(), losses.begin(), losses.end());
}

Outputs onePass(const PredictWith& with, Loader& loader, const std::vector<Target>& targets, Pass pass,
                const BadImages& onBad, std::stop_token stop, const Progress& progress) {
  const torch::NoGradGuard noGrad;
  with.model.eval();
  const std::size_t total = pass.items.size();
  Outputs outputs;
  loader.begin(std::move(pass));
  PieceByPiece byPiece(with.device);
  Batch batch;
  while (loader.next(batch, stop)) {
    for (const BadSample& bad : batch.bad) onBad(bad);
    if (batch.count == 0) continue;
    keep(outputs, logitsByPieces(with, batch, loader.pipeline(), byPiece), targets, batch);
    if (progress) progress(outputs.items.size(), total);
  }
  return outputs;
}

}  // namespace

Outputs predict(const PredictWith& with, Loader& loader, const std::vector<Target>& targets,
                const std::vector<std::uint32_t>& items, const BadImages& onBad, std::stop_token stop,
                const Progress& progress) {
  return onePass(with, loader, targets, {items, with.batch_size, false, Mode::Valid, 0}, onBad, stop,
                 progress);
}

Outputs predictTta(const PredictWith& with, Loader& loader, const std::vector<Target>& targets,
                   const TtaOptions& options, const std::vector<std::uint32_t>& items, const Outputs& plain,
                   std::stop_token stop, const Progress& progress, const OnTtaPass& onPass) {
  TtaPasses passes(options, targets);
  for (int n = 0; n < options.n; ++n) {
    const std::size_t before = static_cast<std::size_t>(n) * items.size();
    const auto moved = [&](std::size_t done, std::size_t) {
      if (progress) progress(before + done, static_cast<std::size_t>(options.n) * items.size());
    };
    const Pass pass{items, with.batch_size, false, Mode::Train,
                    ttaEpoch(n)};
    const Outputs outputs = onePass(
        with, loader, targets, pass, [](const BadSample&) {}, stop, moved);  // predict() has told of the bad ones
    passes.add(outputs);
    if (onPass) onPass(outputs);
  }
  return passes.combine(plain);
}

}  // namespace panicle
