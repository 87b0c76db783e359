#pragma once
/// Who of a site fetches an artefact from the coordinator, and who takes it from a neighbour: a
/// café of a hundred PCs downloads a model once. Pure: times are handed in. What is said here is
/// advice; every chunk is verified by the node that takes it.

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "shared/model/ids.h"
#include "shared/util/clock.h"

namespace gleaner::core {

struct SiteDownloadOptions {
    /// Without a further chunk for so long the one at the origin loses its turn.
    Duration stall = 30s;
    /// A node that does not ask for so long is no longer counted on, be it connected or not.
    Duration silence = 120s;
    /// A neighbour that failed a node is not named to it again for so long.
    Duration peer_ban = 300s;
    std::uint32_t uploads_per_node = 4;
    Duration ask_again = 1s;
    /// What each further waiting node is put off by, so that a hundred do not ask at once.
    Duration stagger = 20ms;
};

/// A node's question. Nodes hold chunks in order: the first `chunks` of them, verified.
struct DownloadQuestion {
    SiteId site;
    NodeId node;
    Sha256 artefact;
    std::uint64_t chunks = 0;
    std::uint64_t chunks_all = 0;  ///< `chunks` equal to this: the node has all, and serves only
    bool reachable = false;        ///< it said where neighbours may reach it
    std::vector<NodeId> failed;    ///< neighbours that were slow, wrong or not there
};

struct DownloadAdvice {
    enum class From : std::uint8_t { origin, neighbour, wait };
    From from = From::wait;
    NodeId neighbour;  ///< from == neighbour
    Duration ask_again{0};

    friend bool operator==(const DownloadAdvice&, const DownloadAdvice&) = default;
};

class SiteDownloads {
public:
    explicit SiteDownloads(SiteDownloadOptions options) : options_(options) {}

    /// One node of a site is at the origin, at any time. The turn goes to a node no neighbour is
    /// ahead of; when its holder leaves, stalls or falls silent, to the next such node, which goes
    /// on from what it has. The others take chunks from one that is ahead and has an upload free.
    [[nodiscard]] DownloadAdvice ask(const DownloadQuestion& question, Time now);

    /// The node's session ended, or it no longer wants or holds the artefact.
    void gone(const SiteId& site, const NodeId& node);
    void gone(const SiteId& site, const NodeId& node, const Sha256& artefact);

    /// Neighbours that take from `node` now.
    [[nodiscard]] std::uint32_t uploads(const SiteId& site, const Sha256& artefact,
                                        const NodeId& node) const;
    [[nodiscard]] std::size_t size() const { return swarms_.size(); }

private:
    struct Member {
        std::uint64_t chunks = 0;
        bool complete = false;
        bool reachable = false;
        Time seen;
        Time progressed;
        Time no_turn_until;  ///< after a stall at the origin
        NodeId takes_from;   ///< empty: from nobody
        std::map<NodeId, Time> bans;
    };
    struct Swarm {
        std::map<NodeId, Member> members;
        NodeId at_origin;  ///< empty: the turn is free
    };
    using Key = std::pair<SiteId, Sha256>;

    void note(Swarm& swarm, const DownloadQuestion& question, Time now) const;
    void end_lost_turn(Swarm& swarm, Time now) const;
    void forget_silent(Swarm& swarm, Time now) const;
    static void remove(Swarm& swarm, const NodeId& node);
    [[nodiscard]] static std::uint32_t uploads_of(const Swarm& swarm, const NodeId& node);
    [[nodiscard]] DownloadAdvice wait(const Swarm& swarm, const NodeId& node) const;

    SiteDownloadOptions options_;
    std::map<Key, Swarm> swarms_;
};

}  // namespace gleaner::core
