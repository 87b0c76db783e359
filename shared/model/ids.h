#pragma once
/// Identities. All but LeaseId are opaque text `<prefix>_<20 base32 characters>`; only the store's
/// `new_*` helpers and `random_token` make them.

#include <cstdint>
#include <string>

#include "shared/util/named_type.h"

namespace gleaner {

using OwnerId = NamedType<std::string, struct OwnerTag>;        ///< own_…
using PartnerId = NamedType<std::string, struct PartnerTag>;    ///< par_…
using SiteId = NamedType<std::string, struct SiteTag>;          ///< site_…
using NodeId = NamedType<std::string, struct NodeTag>;          ///< node_…
using CustomerId = NamedType<std::string, struct CustomerTag>;  ///< cus_…
using ProjectId = NamedType<std::string, struct ProjectTag>;    ///< proj_…
using FileId = NamedType<std::string, struct FileTag>;          ///< file-… (OpenAI's form)
using JobId = NamedType<std::string, struct JobTag>;            ///< batch_… (OpenAI's form)
using RequestId =
    NamedType<std::string, struct RequestTag>;  ///< req_…: one answer, its receipt's key
using Sha256 = NamedType<std::string, struct Sha256Tag>;  ///< 64 lower-case hex characters

/// Unique over restarts of the coordinator: (start epoch << 40) + counter.
using LeaseId = NamedType<std::uint64_t, struct LeaseTag>;
/// A live stream inside one coordinator process; same numbering as LeaseId.
using StreamId = NamedType<std::uint64_t, struct StreamTag>;

}  // namespace gleaner
