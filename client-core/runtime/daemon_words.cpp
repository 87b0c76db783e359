#include "client-core/runtime/daemon_words.h"

#include "shared/proto/control.pb.h"

namespace gleaner::words {

namespace {

/// Enough of a hash for people.
std::string short_name(const std::string& model) {
    return model.substr(0, 12);
}

}  // namespace

void say(const Sentence& sentence, control::Sentence& out) {
    out.set_en(sentence.en);
    out.set_zh(sentence.zh);
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
