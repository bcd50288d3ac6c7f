// Keeps float16 gradients from underflowing: the loss is multiplied before the way back, the gradients divided after it.
// Source: torch.cuda.amp.GradScaler with its defaults, as fastai's MixedPrecision uses it.
#pragma once

#include "core/base/json.h"

namespace panicle {

class LossScaler {
 public:
  double scale() const { return scale_; }
  // After each step: halves the scale when the gradients were not finite (that step must not be taken), doubles it after
  // 2000 good steps in a row.
  void update(bool finite);

  Json state() const;
  void setState(const Json& state);

 private:
  double scale_ = 65536;
  int good_ = 0;  // steps since the scale last changed
};

}  // namespace panicle
