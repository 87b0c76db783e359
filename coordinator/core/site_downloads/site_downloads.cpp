#include "coordinator/core/site_downloads/site_downloads.h"

#include <iterator>
#include <optional>
#include <tuple>

namespace gleaner::core {

void SiteDownloads::note(Swarm& swarm, const DownloadQuestion& question, Time now) const {
    const auto [it, fresh] = swarm.members.try_emplace(question.node);
    Member& member = it->second;
    // Fewer than before is news too: its cache was emptied.
    if (fresh || question.chunks != member.chunks) member.progressed = now;
    member.chunks = question.chunks;
    member.complete = question.chunks >= question.chunks_all;
    member.reachable = question.reachable;
    member.seen = now;
    std::erase_if(member.bans, [now](const auto& ban) { return ban.second <= now; });
    for (const NodeId& failed : question.failed) {
        if (!swarm.members.contains(failed)) continue;
        member.bans[failed] = now + options_.peer_ban;
        if (member.takes_from == failed) member.takes_from = NodeId();
    }
}

std::uint32_t SiteDownloads::uploads_of(const Swarm& swarm, const NodeId& node) {
    std::uint32_t count = 0;
    for (const auto& [id, member] : swarm.members) count += member.takes_from == node ? 1 : 0;
    return count;
}

void SiteDownloads::remove(Swarm& swarm, const NodeId& node) {
    swarm.members.erase(node);
    if (swarm.at_origin == node) swarm.at_origin = NodeId();
    for (auto& [id, member] : swarm.members) {
        member.bans.erase(node);
        if (member.takes_from == node) member.takes_from = NodeId();
    }
}

void SiteDownloads::forget_silent(Swarm& swarm, Time now) const {
    std::vector<NodeId> silent;
    for (const auto& [id, member] : swarm.members) {
        // One that has everything has nothing to ask; it is there until gone() says otherwise.
        if (!member.complete && now - member.seen > options_.silence) silent.push_back(id);
    }
    for (const NodeId& node : silent) remove(swarm, node);
}

void SiteDownloads::end_lost_turn(Swarm& swarm, Time now) const {
    const auto holder = swarm.members.find(swarm.at_origin);
    if (holder == swarm.members.end()) return;
    Member& member = holder->second;
    const bool stalled = now - member.progressed > options_.stall;
    if (!member.complete && !stalled) return;
    if (stalled) member.no_turn_until = now + options_.stall;
    swarm.at_origin = NodeId();
}

DownloadAdvice SiteDownloads::wait(const Swarm& swarm, const NodeId& node) const {
    const auto place = std::distance(swarm.members.begin(), swarm.members.find(node));
    return {DownloadAdvice::From::wait, NodeId(), options_.ask_again + options_.stagger * place};
}

DownloadAdvice SiteDownloads::ask(const DownloadQuestion& question, Time now) {
    using From = DownloadAdvice::From;
    Swarm& swarm = swarms_[{question.site, question.artefact}];
    note(swarm, question, now);
    forget_silent(swarm, now);
    end_lost_turn(swarm, now);

    Member& self = swarm.members.at(question.node);
    const NodeId earlier = std::exchange(self.takes_from, NodeId());
    if (self.complete) return wait(swarm, question.node);
    if (swarm.at_origin == question.node) return {From::origin, NodeId(), options_.ask_again};

    // The one it takes from already, if that is still ahead; else the least loaded of those ahead.
    bool somebody_ahead = false;
    using Rank = std::tuple<bool, std::uint32_t, std::uint64_t>;  // the smallest is taken
    std::optional<std::pair<Rank, NodeId>> best;
    for (const auto& [id, member] : swarm.members) {
        const bool ahead = member.reachable && member.chunks > self.chunks;
        if (!ahead || self.bans.contains(id)) continue;
        somebody_ahead = true;
        const std::uint32_t busy = uploads_of(swarm, id);
        if (busy >= options_.uploads_per_node) continue;
        const Rank rank{id != earlier, busy, ~member.chunks};
        if (!best || rank < best->first) best.emplace(rank, id);
    }
    if (best) {
        self.takes_from = best->second;
        return {From::neighbour, best->second, options_.ask_again};
    }
    if (!somebody_ahead && swarm.at_origin.empty() && self.no_turn_until <= now) {
        swarm.at_origin = question.node;
        self.progressed = now;
        return {From::origin, NodeId(), options_.ask_again};
    }
    return wait(swarm, question.node);
}

void SiteDownloads::gone(const SiteId& site, const NodeId& node) {
    for (auto it = swarms_.begin(); it != swarms_.end();) {
        if (it->first.first == site) remove(it->second, node);
        it = it->second.members.empty() ? swarms_.erase(it) : std::next(it);
    }
}

void SiteDownloads::gone(const SiteId& site, const NodeId& node, const Sha256& artefact) {
    const auto it = swarms_.find({site, artefact});
    if (it == swarms_.end()) return;
    remove(it->second, node);
    if (it->second.members.empty()) swarms_.erase(it);
}

std::uint32_t SiteDownloads::uploads(const SiteId& site, const Sha256& artefact,
                                     const NodeId& node) const {
    const auto it = swarms_.find({site, artefact});
    return it == swarms_.end() ? 0 : uploads_of(it->second, node);
}

}  // namespace gleaner::core
