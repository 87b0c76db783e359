#include "coordinator/documents/typesetter.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "shared/model/civil_day.h"

namespace gleaner::documents {

namespace {

constexpr const char* family = "Noto Sans CJK SC, Noto Sans SC, WenQuanYi Micro Hei, sans-serif";
/// Figures of one width, so that columns of them stand below each other.
constexpr const char* tabular_figures = "tnum=1, lnum=1";

template <auto release>
struct Release {
    template <class T>
    void operator()(T* held) const {
        release(held);
    }
};
using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_destroy>>;
using Canvas = std::unique_ptr<cairo_t, Release<cairo_destroy>>;
using Layout = std::unique_ptr<PangoLayout, Release<g_object_unref>>;
using Font = std::unique_ptr<PangoFontDescription, Release<pango_font_description_free>>;
using Attributes = std::unique_ptr<PangoAttrList, Release<pango_attr_list_unref>>;

cairo_status_t append(void* out, const unsigned char* bytes, unsigned int count) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), count);
    return CAIRO_STATUS_SUCCESS;
}

/// "2026-12-01T00:00:00+08:00".
std::string iso_time(WallTime time) {
    std::string text = local_time_text(time);
    text[10] = 'T';
    return text + "+08:00";
}

}  // namespace

struct Typesetter::State {
    bool dry = false;
    std::string bytes;
    Surface surface;
    Canvas canvas;
    Layout layout;
    Font font;
    bool no_font = false;  ///< for Chinese, which names on every document may be in

    /// Sets the layout up; `scale` makes it smaller.
    void lay_out(std::string_view text, double width, const TextStyle& style, double scale) {
        const std::string clean = clean_text(text);
        pango_font_description_set_absolute_size(font.get(), style.size * scale * PANGO_SCALE);
        pango_font_description_set_weight(font.get(),
                                          style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_layout_set_font_description(layout.get(), font.get());
        pango_layout_set_text(layout.get(), clean.c_str(), static_cast<int>(clean.size()));
        pango_layout_set_width(layout.get(), static_cast<int>(width * PANGO_SCALE));
        pango_layout_set_alignment(
            layout.get(), style.align == Align::right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
        pango_layout_set_height(layout.get(), style.lines_max == 0 ? -1000 : -style.lines_max);
    }

    /// Lays out what text() draws and height() measures.
    double set(std::string_view text, double width, const TextStyle& style) {
        lay_out(text, width, style, 1);
        if (style.align == Align::right) {
            pango_layout_set_width(layout.get(), -1);
            int natural = 0;
            pango_layout_get_size(layout.get(), &natural, nullptr);
            const double needed = static_cast<double>(natural) / PANGO_SCALE;
            // A hair narrower than the column, since sizes are rounded.
            lay_out(text, width, style, needed > width ? width / needed * 0.98 : 1);
        }
        int height = 0;
        pango_layout_get_size(layout.get(), nullptr, &height);
        return static_cast<double>(height) / PANGO_SCALE;
    }

    void use(Colour colour) const {
        cairo_set_source_rgb(canvas.get(), colour.red, colour.green, colour.blue);
    }
};

Typesetter::Typesetter(const Paper& paper, bool dry) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.dry = dry;
    state.surface.reset(
        cairo_pdf_surface_create_for_stream(append, &state.bytes, page_width, page_height));
    const std::string title = clean_text(paper.title + " · " + paper.subject);
    const std::string issuer = clean_text(paper.issuer);
    const std::string created = iso_time(paper.created);
    cairo_surface_t* const surface = state.surface.get();
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title.c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, issuer.c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, created.c_str());
    state.canvas.reset(cairo_create(surface));
    state.layout.reset(pango_cairo_create_layout(state.canvas.get()));
    pango_layout_set_ellipsize(state.layout.get(), PANGO_ELLIPSIZE_END);
    pango_layout_set_wrap(state.layout.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_auto_dir(state.layout.get(), FALSE);
    const Attributes attributes(pango_attr_list_new());
    pango_attr_list_insert(attributes.get(), pango_attr_font_features_new(tabular_figures));
    pango_attr_list_insert(attributes.get(),
                           pango_attr_language_new(pango_language_from_string(
                               paper.language == Language::chinese ? "zh-cn" : "en")));
    pango_layout_set_attributes(state.layout.get(), attributes.get());
    state.font.reset(pango_font_description_from_string(family));
    state.lay_out("对账单金额", page_width, {}, 1);
    state.no_font = pango_layout_get_unknown_glyphs_count(state.layout.get()) > 0;
}

Typesetter::~Typesetter() = default;

double Typesetter::text(std::string_view text, double x, double y, double width,
                        const TextStyle& style) {
    const double height = state_->set(text, width, style);
    if (!state_->dry) {
        state_->use(style.colour);
        cairo_move_to(state_->canvas.get(), x, y);
        pango_cairo_show_layout(state_->canvas.get(), state_->layout.get());
    }
    return height;
}

double Typesetter::height(std::string_view text, double width, const TextStyle& style) {
    return state_->set(text, width, style);
}

void Typesetter::rule(double x, double y, double width, double thickness, Colour colour) {
    fill(x, y, width, thickness, colour);
}

void Typesetter::fill(double x, double y, double width, double height, Colour colour) {
    if (state_->dry) return;
    state_->use(colour);
    cairo_rectangle(state_->canvas.get(), x, y, width, height);
    cairo_fill(state_->canvas.get());
}

void Typesetter::end_page() {
    if (!state_->dry) cairo_show_page(state_->canvas.get());
}

Result<std::string> Typesetter::finish() {
    State& state = *state_;
    cairo_surface_finish(state.surface.get());
    const auto drawing = cairo_status(state.canvas.get());
    const auto writing = cairo_surface_status(state.surface.get());
    const auto status = drawing != CAIRO_STATUS_SUCCESS ? drawing : writing;
    if (status != CAIRO_STATUS_SUCCESS) {
        return Error(ErrorCode::internal, std::string("the PDF could not be written: ") +
                                              cairo_status_to_string(status));
    }
    if (state.no_font) {
        return Error(ErrorCode::failed_precondition,
                     "the coordinator's machine has no font with Chinese characters: install "
                     "fonts-noto-cjk there, or ask for format=html");
    }
    if (state.dry) return std::string();
    return std::move(state.bytes);
}

}  // namespace gleaner::documents
