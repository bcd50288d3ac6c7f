// Autocast for CUDA on tensors without memory. Internal to core.
#pragma once

namespace panicle {

// Makes torch's operators find it between an Autocast's beginning and its end, while a step for CUDA is
// planned. Called once.
void installPlannedAutocast();

}  // namespace panicle
