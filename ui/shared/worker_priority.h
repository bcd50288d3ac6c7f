// Threads that compute for long give way to the window.
#pragma once

namespace panicle::ui {

// Lowers the priority of the calling thread, and of those that it starts. It cannot be raised again.
void yieldToTheWindow();

}  // namespace panicle::ui
