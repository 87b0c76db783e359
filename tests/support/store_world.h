#pragma once
/// A store with one of everything, for tests and benchmarks: partners, an owner with a site and
/// nodes, a customer with credit and a project.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/store.h"

namespace gleaner::testing {

/// 64 hex characters, different for different seeds.
inline std::string fake_sha256(std::uint64_t seed) {
    std::string text(64, '0');
    for (std::size_t i = 63; seed > 0; --i, seed /= 16) text[i] = "0123456789abcdef"[seed % 16];
    return text;
}

struct StoreWorld {
    static constexpr const char* consent_text = "What runs, when, and who earns.";
    store::Partner owner_partner;
    store::Partner customer_partner;
    store::Owner owner;
    store::Credential owner_key;
    store::Site site;
    std::vector<NodeId> nodes;
    store::Customer customer;
    store::Project project;
    Sha256 model{fake_sha256(77)};

    /// Fills an empty store; aborts when a verb fails. The customer gets `credit`.
    static StoreWorld fill(store::Store& store, const Clock& clock, Money credit,
                           std::size_t node_count = 2) {
        StoreWorld world;
        world.owner_partner = store.add_partner("Reseller").value();
        world.customer_partner = store.add_partner("Agency").value();
        world.owner = store.add_owner("Sunny Cafe", world.owner_partner.id).value();
        world.owner_key = store
                              .add_credential(store::PrincipalKind::owner, world.owner.id.get(),
                                              "phone", fake_sha256(1))
                              .value();
        world.site =
            store.add_site(world.owner.id, "Main street", world.consent(), consent_text).value();
        (void)store.add_token(world.site.id, fake_sha256(2), -1, clock.wall() + 24h).value();
        for (std::size_t i = 0; i < node_count; ++i) {
            store::EnrolmentRequest request;
            request.token_secret_sha256 = fake_sha256(2);
            request.hardware_fingerprint = "board-" + std::to_string(i);
            request.hostname = "pc-" + std::to_string(i);
            world.nodes.push_back(store.begin_enrolment(request).value().node);
        }
        world.customer = store.add_customer("Acme", world.customer_partner.id, {}).value();
        world.project = store.add_project(world.customer.id, "default").value();
        if (credit > Money{}) store.top_up(world.customer.id, credit, "first").value();
        return world;
    }

    [[nodiscard]] store::Consent consent() const {
        store::Consent consent;
        consent.text_date = "2026-11-01";
        consent.text_sha256 = fake_sha256(9);
        consent.accepted_by = owner_key.id;
        return consent;
    }

    /// A validated job of `items` items, not yet admitted.
    [[nodiscard]] store::Job job(std::int64_t items) const {
        store::Job job;
        job.project = project.id;
        job.customer = customer.id;
        job.endpoint = "/v1/chat/completions";
        job.model = "demo";
        job.model_sha256 = model;
        job.price = {1'000'000, 2'000'000};
        job.input_file = FileId{"file-input"};
        job.counts.total = items;
        return job;
    }

    [[nodiscard]] store::MeterRecord meter(const std::string& attempt, Money price,
                                           std::size_t node = 0) const {
        store::MeterRecord meter;
        meter.attempt_key = attempt;
        meter.request = RequestId{"req_" + attempt};
        meter.project = project.id;
        meter.customer = customer.id;
        meter.node = nodes.at(node);
        meter.site = site.id;
        meter.owner = owner.id;
        meter.device_class = "cpu";
        meter.model_sha256 = model;
        meter.prompt_tokens = 20;
        meter.generated_tokens = 10;
        meter.device_micros = 5'000;
        meter.price = price;
        return meter;
    }

    /// An answered item of `job`, made by one attempt.
    [[nodiscard]] store::Acceptance item(const store::Job& job, std::int64_t index, Money price,
                                         std::size_t node = 0) const {
        const std::string attempt = std::to_string(job.number) + ":" + std::to_string(index);
        store::Acceptance acceptance;
        acceptance.job = job.id;
        acceptance.outcome.index = index;
        acceptance.outcome.request = RequestId{"req_" + attempt};
        acceptance.outcome.body = R"({"answer":42})";
        acceptance.meters.push_back(meter(attempt, price, node));
        acceptance.receipt_json = R"({"receipt":true})";
        return acceptance;
    }
};

}  // namespace gleaner::testing
