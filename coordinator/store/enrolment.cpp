#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/util/random.h"

namespace gleaner::store {

namespace {

Status check_token(const EnrolmentToken& token, const Site& site, WallTime now) {
    if (site.consent.revoked) {
        return Error(ErrorCode::failed_precondition, "the owner revoked the consent for site " +
                                                         site.name +
                                                         ": no machine can be enrolled there");
    }
    if (token.revoked) {
        return Error(ErrorCode::failed_precondition,
                     "the enrolment token was revoked: ask the site's owner for a new one");
    }
    if (token.expires <= now) {
        return Error(ErrorCode::failed_precondition,
                     "the enrolment token has expired: ask the site's owner for a new one");
    }
    return ok();
}

Error revoked_node(const NodeId& node) {
    return {ErrorCode::failed_precondition,
            "node " + node.get() +
                " was revoked and stays so: ask the site's owner if this is a mistake"};
}

}  // namespace

Result<EnrolmentGrant> Store::begin_enrolment(const EnrolmentRequest& request) {
    if (request.hardware_fingerprint.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "the machine sent no hardware fingerprint: it cannot be told from others");
    }
    return state_->atomically([&]() -> Result<EnrolmentGrant> {
        Database& database = *state_->database;
        const WallTime now = state_->clock.wall();
        Query by_secret(database, sql::select_token_by_secret, request.token_secret_sha256);
        GLEANER_TRY(auto token_found, by_secret.next());
        if (!token_found) {
            return Error(ErrorCode::unauthenticated,
                         "the enrolment token is wrong: copy it again, whole");
        }
        const EnrolmentToken token = token_row(by_secret);
        GLEANER_TRY(const auto site, this->site(token.site));
        GLEANER_TRY(check_token(token, site, now));

        Query by_hardware(database, sql::select_node_by_hardware, site.id,
                          request.hardware_fingerprint);
        GLEANER_TRY(auto known, by_hardware.next());
        if (known) {
            const auto id = by_hardware.id<NodeId>("id");
            if (!by_hardware.null("revoked")) return revoked_node(id);
            GLEANER_TRY(database.run(sql::refresh_node, id, request.hostname, request.os,
                                     request.arch, request.software_version, now));
            return EnrolmentGrant{id, site.id, site.name, true};
        }
        if (token.uses_left == 0) {
            return Error(ErrorCode::failed_precondition,
                         "the enrolment token is used up: ask the site's owner for a new one");
        }
        GLEANER_TRY(database.run(sql::use_token, token.id));
        const NodeId id{random_token("node_", 20)};
        GLEANER_TRY(database.run(sql::insert_node, id, site.id, request.hardware_fingerprint,
                                 request.hostname, request.os, request.arch,
                                 request.software_version, now));
        return EnrolmentGrant{id, site.id, site.name, false};
    });
}

Status Store::set_certificate(const NodeId& id, std::string_view serial, WallTime expires) {
    GLEANER_TRY(auto rows, state_->database->change(sql::set_certificate, id, serial, expires));
    if (rows > 0) return ok();
    GLEANER_TRY(node(id));
    return revoked_node(id);
}

}  // namespace gleaner::store
