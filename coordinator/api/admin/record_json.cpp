#include "coordinator/api/admin/record_json.h"

#include <boost/json.hpp>

#include "shared/model/civil_time.h"

namespace gleaner::admin {

namespace json = boost::json;

namespace {

json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::value(text);
}

json::value time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return json::value(utc_text(*time));
}

json::value number_or_null(std::int64_t number) {
    if (number == 0) return nullptr;
    return json::value(number);
}

std::string node_state(const store::Node& node, const std::optional<LiveNode>& live) {
    if (node.revoked) return "revoked";
    if (!live || !live->connected) return "offline";
    if (live->draining) return "draining";
    return live->paused ? "paused" : "online";
}

/// For people: why it does not do more, in a line.
std::string problem_of(const LiveNode& live) {
    if (!live.connected) return {};
    std::string text = live.paused ? live.paused_reason : std::string();
    const auto add = [&text](const std::string& more) {
        if (!text.empty()) text += "; ";
        text += more;
    };
    if (!live.paused) {
        for (const auto& [device, reason] : live.paused_devices) add(device + ": " + reason);
    }
    for (const auto& [model, reason] : live.failed_models)
        add("model " + model.get().substr(0, 12) + ": " + reason);
    return text;
}

/// Two decimals are enough for people, and keep JSON short.
double rounded(double value) {
    return static_cast<double>(static_cast<std::int64_t>(value * 100 + 0.5)) / 100;
}

}  // namespace

json::object to_json(const store::Owner& owner) {
    return {{"id", owner.id.get()},
            {"name", owner.name},
            {"referred_by", text_or_null(owner.referred_by.get())},
            {"created", utc_text(owner.created)}};
}

json::object to_json(const store::Partner& partner) {
    return {
        {"id", partner.id.get()}, {"name", partner.name}, {"created", utc_text(partner.created)}};
}

json::object to_json(const store::Customer& customer) {
    return {{"id", customer.id.get()},
            {"name", customer.name},
            {"referred_by", text_or_null(customer.referred_by.get())},
            {"own_sites_of", text_or_null(customer.own_sites_of.get())},
            {"weight", customer.weight},
            {"created", utc_text(customer.created)}};
}

json::object to_json(const store::Project& project) {
    return {{"id", project.id.get()},
            {"customer", project.customer.get()},
            {"name", project.name},
            {"currency", code_of(project.currency)},
            {"created", utc_text(project.created)}};
}

json::object to_json(const store::Credential& credential) {
    json::object shown{{"id", credential.id},
                       {"subject", credential.subject},
                       {"label", credential.label},
                       {"created", utc_text(credential.created)},
                       {"revoked", time_or_null(credential.revoked)},
                       {"expires", time_or_null(credential.limits.expires)}};
    if (credential.kind != store::PrincipalKind::project) return shown;
    const auto& limits = credential.limits;
    json::array scopes;
    for (const auto& [scope, name] : store::scope_names)
        if (limits.scopes.has(scope)) scopes.emplace_back(name);
    shown["scopes"] = std::move(scopes);
    shown["spend_cap_micros"] =
        limits.monthly_cap ? json::value(limits.monthly_cap->micros) : json::value(nullptr);
    shown["requests_per_minute"] = number_or_null(limits.requests_per_minute);
    shown["tokens_per_minute"] = number_or_null(limits.tokens_per_minute);
    return shown;
}

json::object to_json(const store::Budget& budget) {
    json::array thresholds;
    for (const auto percent : budget.thresholds) thresholds.emplace_back(percent);
    return {{"kind", store::to_string(budget.subject.kind)},
            {"subject", budget.subject.id},
            {"currency", code_of(budget.subject.currency)},
            {"amount_micros", budget.amount.micros},
            {"hard", budget.hard},
            {"thresholds", std::move(thresholds)},
            {"spent_micros", budget.spent.micros},
            {"created", utc_text(budget.created)},
            {"changed", utc_text(budget.changed)}};
}

json::object to_json(const store::BudgetAlert& alert) {
    return {{"number", alert.number},
            {"kind", store::to_string(alert.subject.kind)},
            {"subject", alert.subject.id},
            {"customer", alert.customer.get()},
            {"currency", code_of(alert.subject.currency)},
            {"month", month_text(alert.month)},
            {"percent", alert.percent},
            {"amount_micros", alert.amount.micros},
            {"spent_micros", alert.spent.micros},
            {"hard", alert.hard},
            {"raised", utc_text(alert.raised)},
            {"delivered_at", time_or_null(alert.delivered)}};
}

json::object to_json(const store::Site& site) {
    return {{"id", site.id.get()},
            {"owner", site.owner.get()},
            {"name", site.name},
            {"certified", site.certified},
            {"consent", json::object{{"date", site.consent.text_date},
                                     {"sha256", site.consent.text_sha256},
                                     {"accepted_by", site.consent.accepted_by},
                                     {"accepted", utc_text(site.consent.accepted)},
                                     {"revoked", time_or_null(site.consent.revoked)}}},
            {"created", utc_text(site.created)}};
}

json::object to_json(const store::EnrolmentToken& token) {
    return {{"id", token.id},
            {"site", token.site.get()},
            {"uses_left", token.uses_left},
            {"created", utc_text(token.created)},
            {"expires", utc_text(token.expires)},
            {"revoked", time_or_null(token.revoked)}};
}

json::object to_json(const store::Node& node, const std::optional<LiveNode>& live) {
    json::object object{{"id", node.id.get()},
                        {"site", node.site.get()},
                        {"owner", node.owner.get()},
                        {"hostname", node.hostname},
                        {"os", node.os},
                        {"arch", node.arch},
                        {"software_version", node.software_version},
                        {"state", node_state(node, live)},
                        {"enrolled", utc_text(node.enrolled)},
                        {"last_seen", utc_text(node.last_seen)},
                        {"certificate_expires", utc_text(node.certificate_expires)},
                        {"revoked", time_or_null(node.revoked)}};
    if (!live) return object;
    json::array models;
    for (const Sha256& model : live->ready_models) models.emplace_back(model.get());
    object["device_class"] = text_or_null(live->device_class);
    object["reference_permille"] = live->reference_permille;
    object["reserved"] = live->reserved;
    object["items"] = live->items;
    object["streams"] = live->streams;
    object["ready_models"] = std::move(models);
    object["trust"] = rounded(live->trust);
    object["tokens_per_s"] = rounded(live->tokens_per_s);
    object["quota"] = live->quota;
    json::array failed;
    for (const auto& [model, reason] : live->failed_models)
        failed.push_back({{"sha256", model.get()}, {"reason", reason}});
    object["paused_reason"] = text_or_null(live->paused_reason);
    json::object paused;
    for (const auto& [device, reason] : live->paused_devices) paused[device] = reason;
    object["paused_devices"] = std::move(paused);
    object["failed_models"] = std::move(failed);
    object["problem"] = text_or_null(problem_of(*live));
    return object;
}

json::object to_json(const store::BenchRecord& report) {
    return {{"device", report.device},
            {"verdict", to_string(report.verdict)},
            {"why", report.english},
            {"measured", utc_text(report.measured)},
            {"received", utc_text(report.received)}};
}

json::object to_json(const store::Model& model) {
    return {{"name", model.name},
            {"sha256", model.sha256.get()},
            {"size_bytes", model.size_bytes},
            {"architecture", model.architecture},
            {"quantisation", model.quantisation},
            {"parameters", model.parameters},
            {"context_tokens", model.context_tokens},
            {"memory_bytes", model.memory_bytes},
            {"slots", model.slots},
            {"embeddings", model.embeddings},
            {"prompt_micros_per_million", model.price.prompt_micros_per_million},
            {"generated_micros_per_million", model.price.generated_micros_per_million},
            {"created", utc_text(model.created)}};
}

json::object to_json(const store::EnginePackage& engine) {
    return {{"sha256", engine.sha256.get()},
            {"size_bytes", engine.size_bytes},
            {"name", engine.name},
            {"version", engine.version},
            {"backend", engine.backend},
            {"os", engine.os},
            {"arch", engine.arch},
            {"min_driver", engine.min_driver},
            {"created", utc_text(engine.created)}};
}

json::object to_json(const ledger::Statement& statement) {
    json::array lines;
    for (const auto& line : statement.lines) {
        lines.push_back(json::object{{"label", line.label},
                                     {"kind", line.kind},
                                     {"subject", line.subject},
                                     {"subject_kind", line.subject_kind},
                                     {"name", line.name},
                                     {"site", line.site},
                                     {"site_name", line.site_name},
                                     {"device_class", line.device_class},
                                     {"date", line.date},
                                     {"items", line.items},
                                     {"prompt_tokens", line.prompt_tokens},
                                     {"cached_tokens", line.cached_tokens},
                                     {"generated_tokens", line.generated_tokens},
                                     {"device_micros", line.device_micros},
                                     {"reference_micros", line.reference_micros},
                                     {"amount_micros", line.amount.micros}});
    }
    return {{"party", statement.party},
            {"kind", ledger::to_string(statement.kind)},
            {"id", statement.id},
            {"name", statement.name},
            {"currency", code_of(statement.currency)},
            {"from", utc_text(statement.from)},
            {"to", utc_text(statement.to)},
            {"opening_micros", statement.opening.micros},
            {"data", std::move(lines)},
            {"closing_micros", statement.closing.micros},
            {"pending_micros", statement.pending.micros},
            {"archives", json::value_from(statement.archives)}};
}

json::object to_json(const ledger::CheckReport& report) {
    json::array violations;
    for (const std::string& violation : report.violations) violations.emplace_back(violation);
    const bool balanced = report.violations.empty() && report.sum == Money{};
    return {{"entries", report.entries},
            {"postings", report.postings},
            {"meter_records", report.meter_records},
            {"sum_micros", report.sum.micros},
            {"violations", std::move(violations)},
            {"balanced", balanced}};
}

json::object to_json(const store::LineRecord& record) {
    return {{"id", std::to_string(record.number)},
            {"at", utc_text(record.at)},
            {"request", text_or_null(record.request)},
            {"attempt", text_or_null(record.attempt)},
            {"node", text_or_null(record.node)},
            {"hostname", text_or_null(record.hostname)},
            {"device_class", text_or_null(record.device_class)},
            {"model", text_or_null(record.model)},
            {"prompt_tokens", record.prompt_tokens},
            {"cached_tokens", record.cached_tokens},
            {"generated_tokens", record.generated_tokens},
            {"device_micros", record.device_micros},
            {"reference_micros", record.reference_micros},
            {"price_micros", record.price.micros},
            {"amount_micros", record.amount.micros},
            {"owner", text_or_null(record.owner)},
            {"customer", text_or_null(record.customer)}};
}

json::object to_json(const store::LineEntry& entry) {
    return {{"id", std::to_string(entry.number)},
            {"at", utc_text(entry.at)},
            {"kind", entry.kind},
            {"key", text_or_null(entry.key)},
            {"amount_micros", entry.amount.micros}};
}

}  // namespace gleaner::admin
