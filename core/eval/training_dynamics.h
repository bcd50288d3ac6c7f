// How an image fared over the epochs of a run: what it was forgotten, learnt late, or never.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace panicle {

// What the network said of one image after each epoch; all lists are as long as there were epochs.
struct ImageHistory {
  std::vector<float> losses;         // cross-entropy
  std::vector<float> probabilities;  // of the label that it has
  std::vector<float> margins;        // that probability less the highest of another class

  std::size_t epochs() const { return losses.size(); }
};

struct Dynamics {
  double mean_loss = 0;
  double mean_probability = 0;  // "confidence" of dataset cartography (Swayamdipta et al. 2020)
  double variability = 0;       // standard deviation of the probability over the epochs, likewise
  // The area under the margin (Pleiss, Zhang, Elenberg, Weinberger, "Identifying Mislabeled Data using the Area Under the Margin Ranking", NeurIPS
  // 2020): the mean margin over the epochs. There it is of logits of images that are trained on; here of probabilities, so between -1 and 1.
  double area_under_margin = 0;
  int forgotten = 0;  // epochs after which it was wrong and had been right (Toneva et al., "An Empirical Study of Example Forgetting", ICLR 2019)
  int learnt = -1;    // the first epoch, from 0, since which it was right to the end; -1: it is wrong at the end
};

// Of an image without epochs all 0, and never learnt.
Dynamics dynamicsOf(const ImageHistory& history);

}  // namespace panicle
