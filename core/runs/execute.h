// Runs a RunSpec from the files to the stored predictions.
#pragma once

#include <string>

#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"
#include "core/train/control.h"
#include "core/train/events.h"

namespace panicle {

struct RunOutcome {
  std::string run;
  RunStatus status = RunStatus::Finished;
  std::string message;
};

// Blocks until the run has ended; the caller owns the thread. Every event goes to the store first, then to `observer`.
// A stop keeps the model, the metrics and the predictions up to that point (status Stopped). An exception ends the run as
// Failed with its message kept, and is not thrown on. Only a spec that is wrong in itself throws, before a run is made.
// The run's spec says what NormalizeInput::Auto became. Metrics do not depend on who calls, or on the number of loader threads.
// TrainControl::pauseAndFreeDevice(): of the run stays what is on disk, until the pause ends; it then begins from there as resume() does,
// with a RunStarted of its own, and the same run is Running all the time.
RunOutcome execute(RunStore& store, const RunSpec& spec, TrainControl& control, const TrainObserver& observer);

// Goes on with a run that was stopped, has failed or was interrupted, from its newest checkpoint: bit for bit as it would have without the
// interruption, with any number of loader threads, or says in a warning why not. What the store has of the time after that checkpoint is
// forgotten and comes again. Without a checkpoint the run begins anew under its number. Throws Error, and leaves the run as it is, where it is
// running, here or in another program, has finished, or its spec cannot be read; else as execute(). A stop that comes before it trains ends it
// with the model, the metrics and the predictions of its checkpoint.
RunOutcome resume(RunStore& store, const std::string& run, TrainControl& control, const TrainObserver& observer);

// Versions, processor, threads, linear algebra (core/models/kernels.h), and "warning" where that is slow: what a run records about where it ran.
Json describeEnvironment();

}  // namespace panicle
