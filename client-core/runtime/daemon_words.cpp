#include "client-core/runtime/daemon_words.h"

#include "shared/proto/control.pb.h"

namespace gleaner::words {

namespace {

/// Enough of a hash for people.
std::string short_name(const std::string& model) {
    return model.substr(0, 12);
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes of the well-formed sequence at the start of `text`; 0: there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first < 0xC2    ? 0
                               : first < 0xE0  ? 2
                               : first < 0xF0  ? 3
                               : first <= 0xF4 ? 4
                                               : 0;
    if (length == 0 || text.size() < length) return 0;
    // Longer than needed, a surrogate, or beyond U+10FFFF.
    const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < least || byte(1) > most) return 0;
    for (std::size_t at = 2; at < length; ++at)
        if ((byte(at) & 0xC0) != 0x80) return 0;
    return length;
}

}  // namespace

std::string utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        out += length == 0 ? replacement : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

void say(const Sentence& sentence, control::Sentence& out) {
    out.set_en(utf8(sentence.en));
    out.set_zh(utf8(sentence.zh));
}

Sentence not_joined() {
    return {"This machine has not joined a site yet.", "本机尚未加入任何站点。"};
}

Sentence cannot_go_on(const std::string& why) {
    return {"Gleaner cannot go on: " + why, "拾穗无法继续运行：" + why};
}

Sentence joining(const std::string& coordinator) {
    return {"Introducing this machine to " + coordinator + ".",
            "正在向 " + coordinator + " 登记本机。"};
}

Sentence offline(const std::string& why) {
    return {"The coordinator is not reached; trying again. " + why,
            "无法连接协调服务器，正在重试。" + why};
}

Sentence waiting() {
    return {"Ready. No work has come yet; it starts by itself.",
            "已就绪。暂时没有任务，有任务时会自动开始。"};
}

Sentence working(std::size_t requests) {
    const std::string count = std::to_string(requests);
    return {"Answering " + count + (requests == 1 ? " request." : " requests."),
            "正在处理 " + count + " 个请求。"};
}

Sentence stopping() {
    return {"Stopping: unfinished work is handed back.", "正在停止：未完成的任务将交还。"};
}

Sentence may_work() {
    return {"Nothing stands in the way of work now.", "现在可以工作。"};
}

Sentence holds_still(const Sentence& why) {
    return {"Holds still: " + why.en, "暂停：" + why.zh};
}

Sentence measuring() {
    return {"It is being measured.", "正在测速。"};
}

Sentence benchmark_stopped(const Sentence& why) {
    return {"The benchmark was stopped. " + why.en, "测速已停止。" + why.zh};
}

Sentence verdict_of_grid(const Sentence& why) {
    return {"The coordinator says: " + why.en, "协调服务器评定：" + why.zh};
}

Sentence benchmark_refused(const std::string& why) {
    return {"The coordinator did not take this benchmark: " + why,
            "协调服务器未接受本次测速：" + why};
}

Sentence estimates_damaged() {
    return {"The record of earlier earnings estimates was damaged: it begins anew.",
            "历史收益估算记录已损坏，将重新开始记录。"};
}

Sentence site_policy(bool there_is_one) {
    if (there_is_one)
        return {"The site's owner has set when its machines work.",
                "站点所有者已设置本站点的工作规则。"};
    return {"The site's owner leaves it to each machine when it works.",
            "站点所有者已取消统一规则，由各机器自行设置。"};
}

Sentence joined(const std::string& node, const std::string& site) {
    return {"Joined site " + site + " as " + node + ".",
            "已加入站点 " + site + "，本机编号 " + node + "。"};
}

Sentence left() {
    return {"Left the site; the identity is deleted from this machine.",
            "已退出站点，本机身份已删除。"};
}

Sentence connected(const std::string& coordinator) {
    return {"Connected to " + coordinator + ".", "已连接到 " + coordinator + "。"};
}

Sentence model_state(const std::string& model, const std::string& device, ModelHost::Phase phase,
                     const std::string& problem) {
    const std::string name = short_name(model);
    switch (phase) {
        case ModelHost::Phase::downloading:
            return {"Downloading model " + name + ".", "正在下载模型 " + name + "。"};
        case ModelHost::Phase::starting:
            return {"Loading model " + name + " on " + device + ".",
                    "正在 " + device + " 上加载模型 " + name + "。"};
        case ModelHost::Phase::ready:
            return {"Model " + name + " works on " + device + ".",
                    "模型 " + name + " 已在 " + device + " 上运行。"};
        case ModelHost::Phase::suspended:
            return {"Model " + name + " stands still on " + device + ".",
                    "模型 " + name + " 已在 " + device + " 上暂停。"};
        case ModelHost::Phase::failed:
            return {"Model " + name + " failed on " + device + ": " + problem,
                    "模型 " + name + " 在 " + device + " 上失败：" + problem};
        case ModelHost::Phase::unloaded:
            return {"Model " + name + " left " + device + ".",
                    "模型 " + name + " 已从 " + device + " 卸载。"};
    }
    return {};
}

Sentence device_failed(const std::string& device, const std::string& why) {
    return {"Work on " + device + " failed: " + why, device + " 上的任务失败：" + why};
}

Sentence sent(SentField field) {
    switch (field) {
        case SentField::host_name:
            return {"Name of this machine", "本机名称"};
        case SentField::hardware:
            return {"Fingerprint of the hardware", "硬件指纹"};
        case SentField::version:
            return {"Version of the client", "客户端版本"};
        case SentField::system:
            return {"Operating system", "操作系统"};
        case SentField::device:
            return {"Device", "设备"};
        case SentField::models_on_disk:
            return {"Models and engines on the disk", "磁盘上的模型和引擎"};
        case SentField::held_work:
            return {"Work that outlived a lost connection", "断线后仍保留的任务"};
        case SentField::room:
            return {"Room for work", "可接任务数"};
        case SentField::paused:
            return {"Paused", "暂停"};
        case SentField::device_paused:
            return {"Paused device", "暂停的设备"};
        case SentField::disk_free:
            return {"Disk space for models", "可用于模型的磁盘空间"};
        case SentField::idle_forecast:
            return {"How long it probably stays free", "预计空闲时长"};
        case SentField::answers:
            return {"Answers to requests", "请求的答案"};
        case SentField::handed_back:
            return {"Work handed back", "交还的任务"};
        case SentField::stream_piece:
            return {"Piece of an answer", "答案片段"};
        case SentField::stream_end:
            return {"End of an answer", "答案结束"};
        case SentField::model_state:
            return {"State of a model", "模型状态"};
        case SentField::load:
            return {"Load and temperature", "负载和温度"};
        case SentField::certificate:
            return {"Request for a new certificate", "更新证书的请求"};
        case SentField::benchmark:
            return {"Results of a benchmark", "性能测试结果"};
        case SentField::money:
            return {"Question about earnings", "收益查询"};
        case SentField::goodbye:
            return {"Goodbye", "告别"};
    }
    return {};
}

Sentence power_not_limited(const Error& error) {
    if (error.code() == ErrorCode::permission_denied)
        return {"The GPU's power stays as it was: only a node that runs as root may limit it.",
                "显卡功耗未作限制：只有以 root 身份运行的节点才能限制显卡功耗。"};
    return {"The GPU's power could not be limited: " + error.message(),
            "无法限制显卡功耗：" + error.message()};
}

Sentence failed(const Error& error) {
    return {error.message(), "操作失败：" + error.message()};
}

}  // namespace gleaner::words
