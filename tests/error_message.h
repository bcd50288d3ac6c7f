// What an Error says, as a value to compare.
#pragma once

#include <functional>
#include <string>

#include "core/base/error.h"

namespace panicle::testing {

// Of the Error that `action` throws; "no error" where it throws none.
inline std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace panicle::testing
