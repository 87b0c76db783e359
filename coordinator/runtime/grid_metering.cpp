/// How the devices are used: which work is with which device and what became of it, told to
/// core::NodeUse as it happens, and written to the store once a minute. A crash loses a minute of
/// these statistics; money is never computed from them.

#include <algorithm>
#include <cmath>

#include "coordinator/core/metering/reference_speed.h"
#include "coordinator/runtime/grid_state.h"
#include "coordinator/store/metering.h"
#include "shared/model/civil_day.h"
#include "shared/model/device_power.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;

namespace {

using Rows = std::vector<std::pair<NodeId, DeviceUse>>;

/// A transaction's worth: some ten milliseconds.
constexpr std::size_t rows_per_write = 1'000;
constexpr double new_reading = 0.2;  // how much a reading moves the average

std::int64_t watts_of(const AnnouncedDevice& device) {
    const auto draws = device_watts(device.kind, device.name, device.memory_bytes, 100);
    return watts_at_the_plug(draws.watts);
}

void smooth(std::optional<double>& average, double watts) {
    average = average ? *average + (watts - *average) * new_reading : watts;
}

/// The device of which the node's work is metered: others of a node are of the same kind.
const AnnouncedDevice* metered_device(const std::vector<AnnouncedDevice>& devices,
                                      const std::string& device_class) {
    const auto found = std::ranges::find(devices, device_class, &AnnouncedDevice::name);
    return found == devices.end() ? nullptr : &*found;
}

}  // namespace

void Grid::State::use_of_joined(ConnectedNode& node) {
    const auto now = clock.now();
    use_of_left(node);  // an older session may have gone without a word
    for (const auto& device : node.devices)
        if (!node.drawn.contains(device.id)) node.use.set_watts(device.id, watts_of(device), now);
    offer_devices(node);
    core::SpeedSources sources;
    if (const auto* device = metered_device(node.devices, node.facts.device_class)) {
        sources.kind = device->kind;
        sources.name = device->name;
        sources.memory_bytes = device->memory_bytes;
    }
    // Until the reports have been read: a moment.
    node.facts.reference_permille = core::reference_permille(sources);
    learn_speed_later(node.facts.node);
}

void Grid::State::use_of_left(ConnectedNode& node) {
    while (!node.loads.empty()) load_ended(node, Sha256{node.loads.begin()->first});
    offer_devices(node);
}

void Grid::State::offer_devices(ConnectedNode& node) {
    std::vector<std::string> offered;
    const auto& paused = node.trouble.paused_devices;
    if (node.link != nullptr && !node.paused)
        for (const auto& device : node.devices)
            if (device.usable && !paused.contains(device.id)) offered.push_back(device.id);
    node.use.offer(offered, clock.now());
}

void Grid::State::learn_speed_later(const NodeId& node) {
    if (!stopping) (void)tasks.spawn(learn_speed(node));
}

asio::awaitable<void> Grid::State::learn_speed(NodeId node) {
    const std::string name = nodes[node].facts.device_class;
    std::function<Result<store::SpeedReports>(store::Store&)> work = [node, name](store::Store& s) {
        return store::Metering(s).speed_reports(node, name);
    };
    const auto read = co_await store.read(std::move(work));
    auto& entry = nodes[node];
    if (read.has_error() || entry.facts.device_class != name) co_return;
    std::vector<std::int64_t> others;
    for (const auto& [fp32, copy] : read.value().others)
        if (const auto permille = core::permille_of({fp32, copy})) others.push_back(*permille);
    core::SpeedSources sources;
    sources.others = others;
    if (const auto& own = read.value().own)
        sources.own = core::permille_of({own->fp32_milli, own->copy_milli});
    if (const auto* device = metered_device(entry.devices, name)) {
        sources.kind = device->kind;
        sources.name = device->name;
        sources.memory_bytes = device->memory_bytes;
    }
    entry.facts.reference_permille = core::reference_permille(sources);
}

/// What is drawn at work less what is drawn idle, once both are known; it is the owner's own figure
/// and serves the owner's own estimate.
void Grid::State::on_heartbeat(const NodeId& id, const wire::ToCoordinator& message) {
    const auto found = nodes.find(id);
    if (found == nodes.end()) return;
    auto& node = found->second;
    for (const auto& power : message.heartbeat().power()) {
        const auto known = std::ranges::find(node.devices, power.device(), &AnnouncedDevice::id);
        if (known == node.devices.end()) continue;
        auto& drawn = node.drawn[power.device()];
        smooth(node.use.works(power.device()) ? drawn.work : drawn.idle, power.watts());
        if (!drawn.work) continue;
        const double extra = std::max(0.0, *drawn.work - drawn.idle.value_or(0));
        node.use.set_watts(power.device(), watts_at_the_plug(std::llround(extra)), clock.now());
    }
}

void Grid::State::note_phase(ConnectedNode& node, const core::ModelStateChanged& event) {
    switch (event.phase) {
        case core::ModelPhase::downloading:
        case core::ModelPhase::starting:
            return note_load(node, event.model, event.device);
        case core::ModelPhase::ready:
            load_ended(node, event.model);
            node.device_of[event.model] = event.device;
            node.use.set_slots(event.device, event.slots, clock.now());
            return;
        case core::ModelPhase::unloaded:
        case core::ModelPhase::failed:
        case core::ModelPhase::evicted:
            return load_ended(node, event.model);
    }
}

void Grid::State::note_load(ConnectedNode& node, const Sha256& model, const std::string& device) {
    if (node.link == nullptr || node.loads.contains(model)) return;
    if (!device.empty()) node.device_of[model] = device;
    const std::uint64_t number = next_load++;
    node.loads.emplace(model, number);
    node.use.begin({core::WorkKey::Kind::load, number, 0}, node.device_of[model], clock.now());
}

void Grid::State::load_ended(ConnectedNode& node, const Sha256& model) {
    const auto load = node.loads.extract(model);
    if (load.empty()) return;
    const auto part = node.use.end({core::WorkKey::Kind::load, load.mapped(), 0}, clock.now());
    node.use.lose(part, LossCause::loading);
}

void Grid::State::begin_work(const NodeId& id, const Sha256& model, const core::WorkKey& key) {
    const auto found = nodes.find(id);
    if (found == nodes.end()) return;
    auto& node = found->second;
    node.use.begin(key, node.device_of[model], clock.now());
}

core::WorkPart Grid::State::end_work(const NodeId& id, const core::WorkKey& key) {
    const auto found = nodes.find(id);
    if (found == nodes.end()) return {};
    return found->second.use.end(key, clock.now());
}

void Grid::State::lose(const NodeId& id, const core::WorkPart& part, LossCause cause) {
    if (const auto found = nodes.find(id); found != nodes.end())
        found->second.use.lose(part, cause);
}

void Grid::State::cut_off_stream(const EndedStream& stream, LossCause cause) {
    const auto found = nodes.find(stream.node);
    if (found == nodes.end()) return;
    found->second.use.divide(stream.part, static_cast<std::int64_t>(stream.device_micros), cause);
}

void Grid::State::use_settled(bool is_answer, const NodeId& node, const HeldResult& result) {
    if (!is_answer) return lose(node, result.part, LossCause::verification);
    if (const auto found = nodes.find(node); found != nodes.end())
        found->second.use.accept(result.part, result.credited_micros);
}

void Grid::State::collect_use() {
    for (auto& [id, node] : nodes) {
        const DeviceUse counted = node.use.take(clock.now());
        if (counted == DeviceUse{}) continue;
        use += counted;
        unsaved_use[id] += counted;
    }
}

void Grid::State::save_use() {
    collect_use();
    const std::int64_t day = day_of(clock.wall());
    Rows all(unsaved_use.begin(), unsaved_use.end());
    unsaved_use.clear();
    for (std::size_t from = 0; from < all.size(); from += rows_per_write) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
        const auto count = std::min(rows_per_write, all.size() - from);
        auto rows = std::make_shared<Rows>(begin, begin + static_cast<std::ptrdiff_t>(count));
        store.post_write(
            [rows, day](store::Store& db) { return store::Metering(db).add_use(day, *rows); },
            [this, rows](const Status& status) {
                if (status.has_value()) return;
                spdlog::warn("event=use_not_saved nodes={} why=\"{}\"", rows->size(),
                             status.error().message());
                for (const auto& [node, counted] : *rows) unsaved_use[node] += counted;
            });
    }
}

/// The last minute, before the end.
asio::awaitable<void> Grid::State::save_use_now() {
    collect_use();
    const std::int64_t day = day_of(clock.wall());
    std::function<Result<int>(store::Store&)> work =
        [day,
         rows = Rows(unsaved_use.begin(), unsaved_use.end())](store::Store& db) -> Result<int> {
        GLEANER_TRY(store::Metering(db).add_use(day, rows));
        return 0;
    };
    unsaved_use.clear();
    const auto saved = co_await store.write(std::move(work));
    if (saved.has_error())
        spdlog::warn("event=use_not_saved at=stop why=\"{}\"", saved.error().message());
}

const DeviceUse& Grid::use() const {
    return state_->use;
}

}  // namespace gleaner::runtime
