#include "tests/gui/fake_node.h"

#include <QDate>
#include <algorithm>
#include <utility>

namespace gleaner::gui::test {

using control::ToNode;
using control::ToProgram;

namespace {

void say(control::Sentence& sentence, const std::string& english, const std::string& chinese) {
    sentence.set_en(english);
    sentence.set_zh(chinese);
}

control::Wishes wishes(unsigned idle_minutes) {
    control::Wishes wishes;
    wishes.set_hours(std::string(21, '\xff'));
    wishes.set_idle_minutes(idle_minutes);
    wishes.set_use_game_presets(true);
    wishes.set_others_cpu_percent(25);
    wishes.set_pause_on_battery(true);
    wishes.set_pause_on_metered(true);
    wishes.set_pause_on_full_screen(true);
    wishes.set_pause_on_film(true);
    wishes.set_gpu_celsius_max(83);
    wishes.set_cpu_celsius_max(90);
    wishes.set_gpu_power_percent(100);
    wishes.set_electricity_micros_per_kwh(600'000);
    return wishes;
}

void add_suggestion(control::Settings& settings, const char* kind, unsigned idle_minutes) {
    auto& suggestion = *settings.add_suggestions();
    suggestion.set_kind(kind);
    *suggestion.mutable_wishes() = wishes(idle_minutes);
    const std::string minutes = std::to_string(idle_minutes);
    say(*suggestion.mutable_means(),
        "Works at any hour once nobody has used this computer for " + minutes + " minutes.",
        "任何时段，只要电脑 " + minutes + " 分钟无人使用就开始工作。");
}

void add_log_line(control::LogPage& page, std::uint64_t number, const char* level,
                  const char* english, const char* chinese) {
    auto& line = *page.add_lines();
    line.set_number(number);
    line.set_at_s(1'795'600'000 + static_cast<std::int64_t>(number) * 61);
    line.set_level(level);
    say(*line.mutable_text(), english, chinese);
}

void add_sent(control::Sent& sent, const char* english, const char* chinese, const char* value) {
    auto& field = *sent.add_fields();
    say(*field.mutable_what(), english, chinese);
    field.set_value(value);
    field.set_at_s(1'795'600'000);
}

}  // namespace

FakeNode::FakeNode() {
    connect(&server_, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket* socket = server_.nextPendingConnection()) {
            auto& program = *programs_.emplace_back(std::make_unique<Program>());
            program.socket = socket;
            connect(socket, &QLocalSocket::readyRead, this, [this, &program] { serve(program); });
        }
    });
    up();
}

void FakeNode::up() {
    if (!server_.isListening()) server_.listen(path());
}

void FakeNode::down() {
    server_.close();
    for (auto& program : programs_) {
        program->socket->disconnect(this);
        program->socket->abort();
    }
    kept_.clear();
    programs_.clear();
}

void FakeNode::serve(Program& program) {
    const QByteArray bytes = program.socket->readAll();
    program.reader.append({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    ToNode request;
    if (hung) return;
    while (program.reader.next(request).value()) answer(program, request);
}

void FakeNode::answer(Program& program, const ToNode& request) {
    ToProgram reply;
    if (request.has_hello()) {
        if (protocol == request.hello().protocol()) {
            reply.mutable_welcome()->set_protocol(protocol);
            reply.mutable_welcome()->set_version("0.1.0");
            reply.mutable_welcome()->set_may_control(may_control);
        } else {
            reply.mutable_refusal()->set_code("unsupported");
        }
    } else if (request.has_subscribe()) {
        program.subscribed = true;
        *reply.mutable_state() = state;
    } else {
        asked.push_back(request);
        const auto told = answers.find(request.body_case());
        if (told == answers.end())
            reply.mutable_done();
        else
            reply = told->second;
        if (request.has_set_settings() && reply.has_settings())
            *reply.mutable_settings()->mutable_local() = request.set_settings().local();
    }
    reply.set_id(request.id());
    if (withheld.contains(request.body_case()))
        kept_.emplace_back(&program, reply);
    else
        send(program, reply);
}

void FakeNode::release() {
    withheld.clear();
    for (const auto& [program, reply] : std::exchange(kept_, {})) send(*program, reply);
}

void FakeNode::send(Program& program, const ToProgram& message) {
    const std::string frame = control::frame_of(message);
    program.socket->write(frame.data(), static_cast<qint64>(frame.size()));
    program.socket->flush();
}

void FakeNode::tell() {
    ToProgram message;
    *message.mutable_state() = state;
    for (auto& program : programs_)
        if (program->subscribed) send(*program, message);
}

void FakeNode::refuse(int kind, const std::string& english, const std::string& chinese) {
    ToProgram reply;
    reply.mutable_refusal()->set_code("failed_precondition");
    say(*reply.mutable_refusal()->mutable_why(), english, chinese);
    answers[kind] = reply;
}

const ToNode* FakeNode::last(ToNode::BodyCase kind) const {
    const auto found = std::find_if(asked.rbegin(), asked.rend(), [kind](const ToNode& request) {
        return request.body_case() == kind;
    });
    return found == asked.rend() ? nullptr : &*found;
}

void FakeNode::answer_all() {
    auto& settings = *answers[ToNode::kGetSettings].mutable_settings();
    *settings.mutable_local() = wishes(10);
    *settings.mutable_in_force() = wishes(10);
    settings.set_site_rules(true);
    settings.add_stricter("pause_on_film");
    say(*settings.mutable_means(),
        "Works at any hour once nobody has used this computer for 10 minutes; pauses for games, "
        "films and full-screen programs.",
        "任何时段，只要电脑 10 分钟无人使用就开始工作；玩游戏、看电影或运行全屏程序时暂停。");
    add_suggestion(settings, "home", 10);
    add_suggestion(settings, "cafe", 5);
    add_suggestion(settings, "server", 1);
    answers[ToNode::kSetSettings] = answers[ToNode::kGetSettings];
    say(*answers[ToNode::kDescribe].mutable_sentence(), "What the draft means.", "草稿的含义。");

    auto& earnings = *answers[ToNode::kGetEarnings].mutable_earnings();
    earnings.set_known(true);
    earnings.set_currency("CNY");
    earnings.set_payout_account("****6789");
    say(*earnings.mutable_estimate(),
        "This computer can earn about ¥38–62 a month at your idle hours, after about ¥21 of "
        "electricity.",
        "按您的空闲时段，这台电脑每月大约能赚 ¥38–62，已扣除约 ¥21 的电费。");
    for (int ago = 40; ago >= 0; --ago) {
        auto& day = *earnings.add_days();
        day.set_date(QDateTime::currentDateTimeUtc()
                         .date()
                         .addDays(-ago)
                         .toString(Qt::ISODate)
                         .toStdString());
        const std::int64_t amount = 900'000 + (ago * 7919 % 13) * 110'000;
        (ago < 4 ? day.set_pending_micros(amount) : day.set_confirmed_micros(amount));
    }

    auto& page = *answers[ToNode::kReadLog].mutable_log();
    add_log_line(page, 1, "info", "The node has started.", "节点已启动。");
    add_log_line(page, 2, "warning", "The coordinator was not reached; trying again in 8 seconds.",
                 "连接不上协调服务器，8 秒后重试。");
    add_log_line(page, 3, "info", "Somebody is at the computer: work stopped after 6 ms.",
                 "有人使用电脑：6 毫秒内已停止工作。");
    add_log_line(page, 4, "error",
                 "The engine stopped by itself three times; the device is paused.",
                 "引擎连续三次意外退出，该设备已暂停。");

    auto& sandbox = *answers[ToNode::kCheckSandbox].mutable_sandbox();
    sandbox.set_safe(true);
    for (const char* name : {"files_read_passwd", "network_inet_stream", "processes_trace"}) {
        auto& attempt = *sandbox.add_attempts();
        attempt.set_name(name);
        attempt.set_held(true);
        attempt.set_detail("Permission denied");
    }

    auto& sent = *answers[ToNode::kReadSent].mutable_sent();
    add_sent(sent, "Devices", "设备", "cuda:0 NVIDIA GeForce RTX 3060, 12 GiB");
    add_sent(sent, "Idle forecast", "空闲预测", "2–4 h");
    add_sent(sent, "Client version", "客户端版本", "0.1.0 linux x86_64");

    auto& consent = *answers[ToNode::kReadConsent].mutable_consent();
    consent.set_date("2026-11-25");
    consent.set_sha256("aa");
    consent.set_text("I let Gleaner use these computers while nobody uses them.");
    answers[ToNode::kMakeReport].mutable_report()->set_text("gleaner-node 0.1.0\nstate: earning\n");
}

control::State earning_state() {
    control::State state;
    state.set_phase(control::State::EARNING);
    say(*state.mutable_why(), "Working on 3 requests.", "正在处理 3 个请求。");
    state.set_node("node-7f3a");
    state.set_site("site-lantian");
    state.set_coordinator("grid.example.org:7443");
    state.set_hostname("pc-042");
    say(*state.mutable_idle_forecast(), "Probably stays idle for 2 to 4 hours.",
        "预计还会空闲 2 到 4 小时。");
    auto& gpu = *state.add_devices();
    gpu.set_id("cuda:0");
    gpu.set_kind("cuda");
    gpu.set_name("NVIDIA GeForce RTX 3060");
    gpu.set_activity(control::Device::RUNNING);
    gpu.set_percent(87);
    gpu.set_percent_known(true);
    gpu.set_celsius(64);
    gpu.set_memory_total_bytes(12ull << 30);
    gpu.set_memory_used_bytes(7ull << 30);
    gpu.set_tokens_per_s(41.5);
    gpu.set_power_watts(121);
    gpu.set_model("qwen3-8b");
    gpu.set_measured_at_s(1'795'500'000);
    say(*gpu.mutable_verdict(), "As fast as other cards of this kind.", "与同型号显卡速度相当。");
    for (const auto& [name, median, unit] :
         {std::tuple("memory_copy", 331.0, "GB/s"), std::tuple("fp16_tensor", 50.4, "TFLOPS"),
          std::tuple("generation", 42.1, "tokens/s")}) {
        auto& figure = *gpu.add_figures();
        figure.set_name(name);
        figure.set_median(median);
        figure.set_spread(median / 100);
        figure.set_unit(unit);
    }
    auto& cpu = *state.add_devices();
    cpu.set_id("cpu");
    cpu.set_kind("cpu");
    cpu.set_name("AMD Ryzen 5 5600");
    cpu.set_activity(control::Device::PAUSED);
    say(*cpu.mutable_why(), "Other programs use 40 % of the processor.",
        "其他程序占用了 40% 的处理器。");
    state.mutable_work()->set_running_items(2);
    state.mutable_work()->set_running_streams(1);
    state.mutable_work()->set_items_today(1284);
    state.mutable_work()->set_tokens_today(402'117);
    state.mutable_work()->add_kinds("chat");
    state.mutable_disk()->set_used_bytes(9ull << 30);
    state.mutable_disk()->set_quota_bytes(40ull << 30);
    state.mutable_disk()->set_free_bytes(210ull << 30);
    state.mutable_disk()->set_models(2);
    auto& input = *state.add_sources();
    input.set_what("input");
    input.set_works(true);
    say(*input.mutable_how(), "Keyboard and mouse through the X server.",
        "通过 X 服务器获知键盘和鼠标。");
    return state;
}

}  // namespace gleaner::gui::test
