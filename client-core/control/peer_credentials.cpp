#include "client-core/control/peer_credentials.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace gleaner {

Result<PeerCredentials> peer_credentials(int socket) {
    ucred told{};
    socklen_t size = sizeof told;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &told, &size) != 0)
        return error_from_errno("control: asking who connects", errno);
    PeerCredentials peer{.user = told.uid, .process = told.pid, .groups = {told.gid}};
    std::vector<gid_t> more(64);
    for (int attempt = 0; attempt < 2; ++attempt) {
        size = static_cast<socklen_t>(more.size() * sizeof(gid_t));
        if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, more.data(), &size) == 0) {
            more.resize(size / sizeof(gid_t));
            peer.groups.insert(peer.groups.end(), more.begin(), more.end());
            break;
        }
        if (errno != ERANGE) break;  // an old kernel: the main group must do
        more.resize(size / sizeof(gid_t));
    }
    return peer;
}

bool may_control(const PeerCredentials& peer, uid_t node_user, gid_t group) {
    if (peer.user == 0 || peer.user == node_user) return true;
    return group != static_cast<gid_t>(-1) &&
           std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

}  // namespace gleaner
