#pragma once
/// Who is at the other end of a local socket, as the kernel tells it: nobody can claim otherwise.

#include <sys/types.h>
#include <vector>

#include "shared/util/result.h"

namespace gleaner {

struct PeerCredentials {
    uid_t user = 0;
    pid_t process = 0;
    std::vector<gid_t> groups;  ///< the supplementary ones too
};

/// Of the other end of this connected Unix socket, at the moment when it connected. Error:
/// io_failed.
[[nodiscard]] Result<PeerCredentials> peer_credentials(int socket);

/// Root, the user that the node runs as, or a member of `group` (-1: no such group).
[[nodiscard]] bool may_control(const PeerCredentials& peer, uid_t node_user, gid_t group);

}  // namespace gleaner
