#pragma once
/// gleaner-setup: the first run of a machine without a person at it. The tray app's wizard does the
/// same with one.

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::cli {

struct SetupOptions {
    std::string socket;  ///< of this machine's node; empty: the system's, else this user's
    std::string coordinator = "localhost:7443";  ///< of its gateway
    std::string token;                           ///< a secret; else by the owner's own key
    std::string owner_api;                       ///< "https://grid.example.org:8443"
    std::string owner_key;                       ///< a secret
    std::string authority_pem;  ///< whom to trust for owner_api; empty: the system's
    /// By the owner's key: the site's name. With a token: the id of the site that it must be of;
    /// empty: any.
    std::string site;
    std::string accepted_consent;  ///< by the owner's key: the date of the text that is accepted
    std::string settings;          ///< "home", "cafe", "server"; empty: left as they are
    bool benchmark = false;
    Duration wait = std::chrono::seconds(60);  ///< for the node to listen
};

struct SetupWorld {
    std::ostream& out;  ///< what has been done
    std::ostream& err;  ///< progress
    const Clock& clock;
    std::function<void(Duration)> pause;
};

/// Joins this machine unless it has joined, takes settings, measures. May be run again at any time:
/// what is done already is left. Errors say what to do; what was done before them stays, but a
/// machine whose token was of another site leaves it again.
[[nodiscard]] Status set_up(const SetupOptions& options, const SetupWorld& world);

}  // namespace gleaner::cli
