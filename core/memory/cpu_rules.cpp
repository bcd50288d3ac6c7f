#include "core/memory/storageless_rules.h"

namespace panicle {

void addCpuRules(torch::Library&) {}

}  // namespace panicle
