/// While the store cannot keep results nothing new is handed out, so that what waits to be saved is
/// bounded by what the nodes hold already. Leases and streams that run go on, and nobody is blamed.

#include <utility>

#include "coordinator/core/scheduler/state.h"

namespace gleaner::core {

void Scheduler::State::on(const StoreStalled&) {
    if (std::exchange(stalled, true)) return;
    note("results cannot be saved fast enough: nothing new is lent until they are");
}

void Scheduler::State::on(const StoreRecovered&) {
    if (!std::exchange(stalled, false)) return;
    note("results are saved again: work is lent as before");
    for (auto& model : models) {
        if (model.waiting_streams == 0) continue;
        const std::set<Index> ready = model.ready.everywhere();
        for (const Index index : ready)
            serve_waiting(nodes[index], nodes[index].slots.at(model.index));
    }
    const std::vector<Index> indices(demanded.begin(), demanded.end());
    for (const Index index : indices) push(queues[index]);
}

}  // namespace gleaner::core
