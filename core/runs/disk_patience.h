// What to do while a disk is full: wait, and lose nothing.
#pragma once

#include <functional>
#include <string>

#include "core/train/control.h"

namespace panicle {

class DiskPatience {
 public:
  // `tell` gets words for the user; what it is called for cannot be written to the full disk.
  DiskPatience(TrainControl& control, std::function<void(const std::string&)> tell) : control_(control), tell_(std::move(tell)) {}

  // Does `work`; where that throws DiskFull the run is paused, and it is done again: when the user resumes, and every now and then, in case
  // somebody has made space. Throws the DiskFull on a stop, and whatever else `work` does. Work that failed must not have done a part.
  void operator()(const std::function<void()>& work);

 private:
  TrainControl& control_;
  std::function<void(const std::string&)> tell_;
  bool waiting_ = false;
  bool paused_ = false;  // before it waited, by the user, who has not resumed since
};

}  // namespace panicle
