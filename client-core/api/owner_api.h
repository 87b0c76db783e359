#pragma once
/// What an owner does at the coordinator before a machine of theirs can join: read the consent,
/// give it, get a token. Blocking; the owner's key lives as long as this object and is written
/// nowhere.

#include <string>

#include "client-core/api/api_client.h"
#include "shared/util/result.h"

namespace gleaner {

struct OwnerAccess {
    std::string url;            ///< "https://grid.example.org:8443"
    std::string key;            ///< a secret
    std::string authority_pem;  ///< whom to trust for `url`; empty: the system's authorities
};

/// The text in force.
struct ConsentText {
    std::string date;    ///< YYYY-MM-DD
    std::string sha256;  ///< hex, of the text
    std::string text;
};

class OwnerApi {
public:
    [[nodiscard]] static Result<OwnerApi> open(const OwnerAccess& access);

    [[nodiscard]] Result<ConsentText> consent();
    /// A token for one machine of the owner's site of that name, good for an hour. The site is made
    /// with the owner's acceptance of that text unless there is one; of several, the oldest is
    /// taken. Errors: failed_precondition when another text is in force, and the coordinator's.
    [[nodiscard]] Result<std::string> token_for_site(const std::string& name,
                                                     const std::string& consent_date,
                                                     const std::string& consent_sha256);

private:
    explicit OwnerApi(ApiClient client) : client_(std::move(client)) {}
    [[nodiscard]] Result<std::string> find_site(const std::string& name);

    ApiClient client_;
};

}  // namespace gleaner
