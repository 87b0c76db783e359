/// Results on their way out, the end of the program, and the next alarm.

#include <algorithm>
#include <utility>

#include "client-core/core/work_loop/state.h"

namespace gleaner::work {

void WorkLoop::State::keep_result(LeaseId id, std::uint32_t index, Outcome outcome) {
    if (waiting.empty()) waiting_since = now;
    waiting_bytes += outcome.body.size();
    waiting.push_back({id, index, std::move(outcome)});
    Lease& lease = leases.at(id);
    lease.unsent.insert(index);
    if (lease.whole && lease.items.empty()) flush_now = true;
}

void WorkLoop::State::flush_results(bool all) {
    if (!connected) return;
    const bool due = all || flush_now || waiting.size() >= options.results_per_frame_max ||
                     waiting_bytes >= options.result_bytes_per_frame_max ||
                     (!waiting.empty() && now - waiting_since >= options.results_delay_max);
    if (!due) return;
    flush_now = false;
    while (!waiting.empty()) {
        SendResults frame;
        std::size_t bytes = 0;
        while (!waiting.empty() && frame.results.size() < options.results_per_frame_max) {
            const std::size_t size = waiting.front().outcome.body.size();
            if (bytes > 0 && bytes + size > options.result_bytes_per_frame_max) break;
            bytes += size;
            waiting_bytes -= size;
            SendResults::Result result = std::move(waiting.front());
            waiting.pop_front();
            Lease& lease = leases.at(result.lease);
            lease.unsent.erase(result.index);
            lease.resendable.insert(result.index);
            sent.push_back({now, result});
            sent_bytes += size;
            frame.results.push_back(std::move(result));
        }
        out.push_back(std::move(frame));
    }
    forget_sent();
}

/// After the connection broke: what was sent a moment ago may be lost, so it waits again.
void WorkLoop::State::requeue_sent() {
    while (!sent.empty()) {
        SendResults::Result result = std::move(sent.back().result);
        sent.pop_back();
        Lease& lease = leases.at(result.lease);
        lease.resendable.erase(result.index);
        lease.unsent.insert(result.index);
        waiting_bytes += result.outcome.body.size();
        waiting.push_front(std::move(result));
    }
    sent_bytes = 0;
}

void WorkLoop::State::forget_sent() {
    while (!sent.empty() && (sent_bytes > options.resend_bytes_max ||
                             now - sent.front().at >= options.resend_window)) {
        const SendResults::Result& oldest = sent.front().result;
        sent_bytes -= oldest.outcome.body.size();
        const LeaseId id = oldest.lease;
        leases.at(id).resendable.erase(oldest.index);
        sent.pop_front();
        erase_if_over(id);
    }
}

void WorkLoop::State::drop_results_of(LeaseId lease) {
    std::erase_if(waiting, [&](const SendResults::Result& result) {
        if (result.lease != lease) return false;
        waiting_bytes -= result.outcome.body.size();
        return true;
    });
    std::erase_if(sent, [&](const SentResult& s) {
        if (s.result.lease != lease) return false;
        sent_bytes -= s.result.outcome.body.size();
        return true;
    });
}

void WorkLoop::State::finish_shut_down() {
    if (!runs.empty() && now < shut_down_at) return;
    stop_everything({.code = FailureCode::reclaimed, .message = closed_because()});
    shut_down = true;
    out.push_back(ShutDownComplete{});
}

std::optional<Time> WorkLoop::State::next_wake() const {
    std::optional<Time> next;
    const auto consider = [&next](Time t) {
        if (!next || t < *next) next = t;
    };
    for (const auto& [id, lease] : leases) {
        if (!lease.items.empty()) consider(lease.deadline);
    }
    for (const auto& [id, stream] : streams) consider(stream.deadline);
    if (connected && !waiting.empty()) consider(waiting_since + options.results_delay_max);
    if (!sent.empty()) consider(sent.front().at + options.resend_window);
    if (shutting_down && !shut_down) consider(shut_down_at);
    return next;
}

void WorkLoop::State::ask_for_wake() {
    const std::optional<Time> next = next_wake();
    if (!next || (wake && *wake <= *next)) return;
    wake = next;
    out.push_back(Wake{*next});
}

}  // namespace gleaner::work
