#pragma once
/// A node for tests of the tray app: speaks control.proto over a real local socket, shows the state
/// it was given, notes what it was asked, and answers as it was told to.

#include <QLocalServer>
#include <QLocalSocket>
#include <QTemporaryDir>
#include <map>
#include <set>
#include <vector>

#include "shared/proto/control.pb.h"
#include "shared/proto/control_frame.h"

namespace gleaner::gui::test {

class FakeNode final : public QObject {
public:
    FakeNode();

    [[nodiscard]] QString path() const { return folder_.filePath("control.sock"); }
    /// Listens, or is away: programs lose it.
    void up();
    void down();

    /// Shown to all who subscribed, now and later.
    control::State state;
    void tell();

    bool may_control = true;
    bool hung = false;  ///< takes what is said and says nothing
    std::uint32_t protocol = control::protocol_version;
    /// Answers for kinds of request (ToNode's body case); others are answered by Done.
    std::map<int, control::ToProgram> answers;
    void refuse(int kind, const std::string& english, const std::string& chinese);
    /// Kinds of request that are answered only at release(), which ends it.
    std::set<int> withheld;
    void release();
    /// A sensible answer for everything that the app's pages ask.
    void answer_all();

    /// What was asked so far, without Hello and Subscribe.
    std::vector<control::ToNode> asked;
    [[nodiscard]] const control::ToNode* last(control::ToNode::BodyCase kind) const;

private:
    struct Program {
        QLocalSocket* socket;
        control::FrameReader reader;
        bool subscribed = false;
    };
    void serve(Program& program);
    void answer(Program& program, const control::ToNode& request);
    static void send(Program& program, const control::ToProgram& message);

    QTemporaryDir folder_;
    QLocalServer server_;
    std::vector<std::unique_ptr<Program>> programs_;
    std::vector<std::pair<Program*, control::ToProgram>> kept_;
};

/// An earning node with a graphics card and a processor.
[[nodiscard]] control::State earning_state();

}  // namespace gleaner::gui::test
