#pragma once
/// Where owners and partners are paid: verbs of the store. It keeps account data sealed and cannot
/// open it: whoever calls brings the key (coordinator/vault).

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "coordinator/ledger/payee.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

/// An owner or a partner.
struct PayoutParty {
    ledger::PartyKind kind = ledger::PartyKind::owner;
    std::string id;
    friend bool operator==(const PayoutParty&, const PayoutParty&) = default;
};

/// One version of a party's account. A change is a new version, unverified until an operator says
/// that it is the party's (for instance after a transfer that was confirmed).
struct PayoutAccount {
    PayoutParty party;
    std::int64_t version = 0;
    ledger::PayoutMethod method = ledger::PayoutMethod::bank;
    std::string masked;  ///< "****6789"
    std::string sealed;
    WallTime created;
    std::optional<WallTime> verified;
    std::string verified_by;
};

/// What an account's data is sealed for; it opens for nothing else.
[[nodiscard]] std::string seal_context(const PayoutParty& party, std::int64_t version);

/// `context` is seal_context()'s.
using Seal = std::function<std::string(std::string_view plain, std::string_view context)>;
using Unseal =
    std::function<Result<std::string>(std::string_view sealed, std::string_view context)>;
/// Nothing: leave it as it is.
using Reseal =
    std::function<std::optional<std::string>(std::string_view sealed, std::string_view context)>;

class PayoutAccounts {
public:
    explicit PayoutAccounts(Store& store) : store_(store) {}

    /// The party with this id (own_… or par_…); not_found for others.
    Result<PayoutParty> party(std::string_view id);
    /// invalid_argument for data that cannot be paid to.
    Result<PayoutAccount> set(const PayoutParty& party, const ledger::Payee& payee,
                              const Seal& seal);
    /// The newest version. failed_precondition when the party has set none.
    Result<PayoutAccount> newest(const PayoutParty& party);
    /// Of parties after `after` (by id), their newest version.
    Result<std::vector<PayoutAccount>> list(std::string_view after, bool unverified_only,
                                            std::int64_t limit);
    /// failed_precondition when `version` is no longer the newest: the party has changed it since
    /// it was looked at. Verifying twice is verifying once.
    Result<PayoutAccount> verify(const PayoutParty& party, std::int64_t version,
                                 std::string_view by);
    /// Replaces what `reseal` gives something for, of all versions; returns how many.
    Result<std::int64_t> reseal_all(const Reseal& reseal);
    /// What is shown of the account to which the node's owner is paid; empty without one.
    Result<std::string> shown_to_node(const NodeId& node);

private:
    Store& store_;
};

}  // namespace gleaner::store
