#pragma once
/// Text and rules on the pages of a PDF. Pango and Cairo stay in the .cpp. Lengths are points, from
/// the upper left corner.

#include <memory>
#include <string>
#include <string_view>

#include "coordinator/documents/paper.h"
#include "shared/util/result.h"

namespace gleaner::documents {

inline constexpr double page_width = 595.28;  // A4
inline constexpr double page_height = 841.89;

struct Colour {
    double red = 0;
    double green = 0;
    double blue = 0;
};

struct TextStyle {
    double size = 9;
    bool bold = false;
    Colour colour;
    Align align = Align::left;
    int lines_max = 1;  ///< what does not fit ends with an ellipsis; 0: any number
};

class Typesetter {
public:
    /// Dry: nothing is drawn, heights are as they will be.
    Typesetter(const Paper& paper, bool dry);
    ~Typesetter();
    Typesetter(const Typesetter&) = delete;
    Typesetter& operator=(const Typesetter&) = delete;

    /// Draws within `width`; returns the height. Right-aligned text that is too wide is set
    /// smaller: a figure is never cut.
    double text(std::string_view text, double x, double y, double width, const TextStyle& style);
    /// What text() would return.
    [[nodiscard]] double height(std::string_view text, double width, const TextStyle& style);
    void rule(double x, double y, double width, double thickness, Colour colour);
    void fill(double x, double y, double width, double height, Colour colour);
    void end_page();

    /// The document's bytes; empty when dry. Errors: as to_pdf().
    [[nodiscard]] Result<std::string> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gleaner::documents
