#include "client-core/cli/completion.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>

#include "client-core/cli/context.h"

namespace gleaner::cli {

namespace {

struct Word {
    std::string text;
    std::string description;
};

/// One place in the command line: "/owner/add", and what may come there.
struct Place {
    std::string path;
    std::vector<Word> subcommands;
    std::vector<Word> flags;
};

std::string one_line(std::string text) {
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    return text;
}

void collect_flags(const CLI::App& app, std::vector<Word>& flags) {
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            const bool known = std::any_of(flags.begin(), flags.end(), [&](const Word& flag) {
                return flag.text == "--" + name;
            });
            if (!known) flags.push_back({"--" + name, one_line(option->get_description())});
        }
    }
    for (const CLI::App* part : app.get_subcommands({})) {
        if (part->get_name().empty()) collect_flags(*part, flags);  // an option group
    }
}

void collect(const CLI::App& app, const std::string& path, const std::vector<Word>& global_flags,
             std::vector<Place>& places) {
    Place place{path, {}, global_flags};
    collect_flags(app, place.flags);
    const auto parts = app.get_subcommands({});
    for (const CLI::App* part : parts) {
        if (!part->get_name().empty()) {
            place.subcommands.push_back({part->get_name(), one_line(part->get_description())});
        }
    }
    places.push_back(place);
    for (const CLI::App* part : parts) {
        if (part->get_name().empty()) continue;
        collect(*part, path + "/" + part->get_name(), global_flags, places);
    }
}

std::string shell_quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::string joined(const std::vector<Word>& first, const std::vector<Word>& second) {
    std::string out;
    for (const auto* words : {&first, &second}) {
        for (const Word& word : *words) out += (out.empty() ? "" : " ") + word.text;
    }
    return out;
}

/// Shell code that sets `variable` to the place that the words so far lead to.
std::string path_cases(const std::vector<Place>& places, const std::string& variable) {
    std::string out;
    for (const Place& place : places) {
        if (place.path.empty()) continue;
        const std::string group = place.path.substr(0, place.path.rfind('/'));
        const std::string last = place.path.substr(place.path.rfind('/') + 1);
        out += "            " + shell_quoted(group + " " + last) + ") " + variable + "=" +
               shell_quoted(place.path) + " ;;\n";
    }
    return out;
}

std::string bash_script(const std::vector<Place>& places) {
    std::string out =
        "# bash completion for gleanerctl: source it, or put it into\n"
        "# ~/.local/share/bash-completion/completions/gleanerctl\n"
        "_gleanerctl() {\n"
        "    local path='' words='' i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \"$path ${COMP_WORDS[i]}\" in\n" +
        path_cases(places, "path") +
        "        esac\n"
        "    done\n"
        "    case \"$path\" in\n";
    for (const Place& place : places) {
        out += "        " + shell_quoted(place.path) +
               ") words=" + shell_quoted(joined(place.subcommands, place.flags)) + " ;;\n";
    }
    out +=
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "}\n"
        "complete -o default -F _gleanerctl gleanerctl\n";
    return out;
}

std::string zsh_words(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words) {
        std::string text = word.text;
        if (!word.description.empty()) text += ":" + word.description;
        out += " " + shell_quoted(text);
    }
    return out;
}

std::string zsh_script(const std::vector<Place>& places) {
    std::string out =
        "#compdef gleanerctl\n"
        "# zsh completion for gleanerctl: put it into a directory of $fpath as _gleanerctl\n"
        "_gleanerctl() {\n"
        "    local place='' i  # not path: zsh ties that to PATH\n"
        "    local -a commands flags\n"
        "    for ((i = 2; i < CURRENT; i++)); do\n"
        "        case \"$place ${words[i]}\" in\n" +
        path_cases(places, "place") +
        "        esac\n"
        "    done\n"
        "    case \"$place\" in\n";
    for (const Place& place : places) {
        out += "        " + shell_quoted(place.path) + ") commands=(" +
               zsh_words(place.subcommands) + " ); flags=(" + zsh_words(place.flags) + " ) ;;\n";
    }
    out +=
        "    esac\n"
        "    if [[ ${words[CURRENT]} == -* ]]; then\n"
        "        _describe -o flag flags\n"
        "    elif (( ${#commands} )); then\n"
        "        _describe command commands\n"
        "    else\n"
        "        _files\n"
        "    fi\n"
        "}\n"
        "_gleanerctl \"$@\"\n";
    return out;
}

std::string fish_script(const std::vector<Place>& places) {
    std::string out =
        "# fish completion for gleanerctl: put it into\n"
        "# ~/.config/fish/completions/gleanerctl.fish\n"
        "function __gleanerctl_at\n"
        "    set -l path ''\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        switch \"$path $word\"\n";
    for (const Place& place : places) {
        if (place.path.empty()) continue;
        const std::string group = place.path.substr(0, place.path.rfind('/'));
        out += "            case " +
               shell_quoted(group + " " + place.path.substr(group.size() + 1)) +
               "\n                set path " + shell_quoted(place.path) + "\n";
    }
    out +=
        "        end\n"
        "    end\n"
        "    test \"$path\" = \"$argv[1]\"\n"
        "end\n";
    for (const Place& place : places) {
        const std::string start = "complete -c gleanerctl -n " +
                                  shell_quoted("__gleanerctl_at " + shell_quoted(place.path));
        for (const Word& word : place.subcommands) {
            out += start + " -f -a " + shell_quoted(word.text) + " -d " +
                   shell_quoted(word.description) + "\n";
        }
        for (const Word& word : place.flags) {
            out += start + " -l " + shell_quoted(word.text.substr(2)) + " -d " +
                   shell_quoted(word.description) + "\n";
        }
    }
    return out;
}

}  // namespace

Result<std::string> completion_script(const CLI::App& program, const std::string& shell) {
    std::vector<Word> global_flags;
    collect_flags(program, global_flags);
    std::vector<Place> places;
    collect(program, "", global_flags, places);
    if (shell == "bash") return bash_script(places);
    if (shell == "zsh") return zsh_script(places);
    if (shell == "fish") return fish_script(places);
    return Error(ErrorCode::invalid_argument,
                 "no completion for \"" + shell + "\": choose bash, zsh or fish");
}

void add_completion_command(CLI::App& program, Context& context) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command =
        program.add_subcommand("completion", "Print a completion script for a shell");
    command->add_option("SHELL", *shell, "bash, zsh or fish")->required();
    on_chosen(*command, context, [&program, &context, shell]() -> Status {
        GLEANER_TRY(const auto script, completion_script(program, *shell));
        context.out << script;
        return ok();
    });
}

}  // namespace gleaner::cli
