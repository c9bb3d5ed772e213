/// HTML as a type: markup can be made only here, and outside text enters it only escaped.
///
///     el("p", {{"class", "govuk-body"}}, "To ", el("strong", {}, recipient))
///
/// Names of elements and attributes are literals, checked by the compiler: no style and no event handler can
/// be written, and a <script> has its code from a file of ours. A link that does not lead into the console
/// becomes "#".
///
/// Pure. Threads: any.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace privyseal::web {

/// The name of an element or attribute. Only literals of [a-z0-9-] convert; "on..." and "style" do not
/// compile.
class MarkupName {
 public:
  consteval MarkupName(const char* name) : text_(name) {  // NOLINT(google-explicit-constructor)
    if (text_.empty() || text_.starts_with("on") || text_ == "style") throw "not a name that pages may use";
    for (const char c : text_)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-')
        throw "not a markup name";
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

struct Attribute {
  Attribute(MarkupName n, std::string_view v) : name(n), value(v) {}
  /// One that stands or does not: `{"disabled", is_last}`.
  Attribute(MarkupName n, bool stands) : name(n), value(), is_absent(!stands) {}
  Attribute(MarkupName n, const char* v) : name(n), value(v) {}

  MarkupName name;
  std::string value;
  bool is_absent = false;
};

class Html {
 public:
  Html() = default;
  // Text becomes markup by being escaped.
  Html(std::string_view text);  // NOLINT(google-explicit-constructor)
  Html(const std::string& text) : Html(std::string_view(text)) {}
  Html(const char* text) : Html(std::string_view(text)) {}

  Html& operator+=(const Html& more) {
    markup_ += more.markup_;
    return *this;
  }
  [[nodiscard]] const std::string& markup() const { return markup_; }
  [[nodiscard]] bool empty() const { return markup_.empty(); }

 private:
  friend Html element(MarkupName, const std::vector<Attribute>&, const Html&);
  friend Html document(const Html&);

  std::string markup_;
};

[[nodiscard]] Html element(MarkupName name, const std::vector<Attribute>& attributes, const Html& content);

/// An element with its content in order. Void elements ("input", "br", ...) take none.
template <class... Content>
[[nodiscard]] Html el(MarkupName name, const std::vector<Attribute>& attributes, const Content&... content) {
  Html inside;
  (static_cast<void>(inside += Html(content)), ...);
  return element(name, attributes, inside);
}

/// One after the other.
template <class... Part>
[[nodiscard]] Html join(const Part&... part) {
  Html all;
  (static_cast<void>(all += Html(part)), ...);
  return all;
}

/// The document type and the <html> element.
[[nodiscard]] Html document(const Html& html);

}  // namespace privyseal::web
