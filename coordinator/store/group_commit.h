#pragma once
/// Runs many callers' work in one transaction.

#include "coordinator/store/call_queue.h"
#include "coordinator/store/store.h"
#include "shared/util/clock.h"

namespace gleaner::store {

/// Runs `first`, then what waits in `queue` (at most 512 calls, no new one after 5 ms), in one
/// transaction, commits it and finishes every call. An error of one call undoes that call only;
/// a failed commit or a doomed transaction (disk full) fails them all and leaves nothing.
void run_group(Store& store, const Clock& clock, CallQueue& queue,
               std::unique_ptr<StoreCall> first);

/// Runs `call` alone in a transaction of its own and finishes it.
void run_alone(Store& store, StoreCall& call);

}  // namespace gleaner::store
