#include "web-admin/server/html.h"

#include <algorithm>
#include <array>

namespace privyseal::web {
namespace {

constexpr std::array kVoid{"input", "meta", "link", "br", "hr", "img"};
constexpr std::array kAddresses{"href", "action", "src"};

bool is_void(std::string_view name) { return std::ranges::find(kVoid, name) != kVoid.end(); }

/// Text for content and for quoted attribute values alike. Control bytes that HTML forbids become U+FFFD.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
          out += "\xEF\xBF\xBD";
        else
          out += c;
    }
  }
  return out;
}

/// A path of this console or a place on this page; never another host, never "javascript:".
bool leads_inside(std::string_view address) {
  if (address.starts_with('#')) return true;
  return address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
}

}  // namespace

Html::Html(std::string_view text) : markup_(escaped(text)) {}

Html element(MarkupName name, const std::vector<Attribute>& attributes, const Html& content) {
  Html html;
  std::string& out = html.markup_;
  out += '<';
  out += name.text();
  for (const Attribute& attribute : attributes) {
    if (attribute.is_absent) continue;
    const bool is_address = std::ranges::find(kAddresses, attribute.name.text()) != kAddresses.end();
    out += ' ';
    out += attribute.name.text();
    out += "=\"";
    out += is_address && !leads_inside(attribute.value) ? "#" : escaped(attribute.value);
    out += '"';
  }
  out += '>';
  if (is_void(name.text())) return html;
  out += content.markup_;
  out += "</";
  out += name.text();
  out += '>';
  return html;
}

Html document(const Html& html) {
  Html whole;
  whole.markup_ = "<!doctype html>" + html.markup_;
  return whole;
}

}  // namespace privyseal::web
