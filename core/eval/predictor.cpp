#include "core/eval/predictor.h"

#include "core/loader/batch_tensor.h"
#include "core/models/autocast.h"

namespace panicle {

Predictions predict(Classifier& model, torch::Device device, Precision precision, Loader& loader, const std::vector<Item>& list,
                    const std::vector<std::uint32_t>& items, const Vocab& vocab, int batch_size,
                    const std::function<void(const BadSample&)>& onBad, std::stop_token stop, const Progress& progress) {
  const torch::NoGradGuard noGrad;
  model.eval();
  Predictions predictions{.vocab = vocab};
  loader.begin({items, batch_size, false, Mode::Valid, 0});
  Batch batch;
  while (loader.next(batch, stop)) {
    for (const BadSample& bad : batch.bad) onBad(bad);
    if (batch.count == 0) continue;
    torch::Tensor logits = batchTensor(batch, loader.pipeline(), device);
    {
      const Autocast autocast(device, precision);
      logits = model.forward(logits).to(torch::kFloat32);
    }
    const auto logProbabilities = torch::log_softmax(logits, 1).cpu().contiguous();
    const auto probabilities = torch::softmax(logits, 1).cpu().contiguous();
    const float* values = probabilities.data_ptr<float>();
    predictions.probabilities.insert(predictions.probabilities.end(), values, values + probabilities.numel());
    const auto logs = logProbabilities.accessor<float, 2>();
    for (int i = 0; i < batch.count; ++i) {
      const Item& item = list[batch.items[static_cast<std::size_t>(i)]];
      predictions.ids.push_back(item.id);
      predictions.paths.push_back(item.path);
      predictions.targets.push_back(item.target);
      predictions.losses.push_back(item.target < 0 ? 0.0f : -logs[i][item.target]);
    }
    if (progress) progress(predictions.size(), items.size());
  }
  return predictions;
}

}  // namespace panicle
