/// The style sheet, the one script and the icon; they are part of the program.
#pragma once

#include "web-admin/server/visit.h"

namespace privyseal::web {

// Made from web-admin/assets at build time.
extern const std::string_view kConsoleCss;
extern const std::string_view kConsoleJs;
extern const std::string_view kIconSvg;

[[nodiscard]] inline Response console_css(Visit&) {
  return file_response("text/css; charset=utf-8", kConsoleCss);
}
[[nodiscard]] inline Response console_js(Visit&) {
  return file_response("text/javascript; charset=utf-8", kConsoleJs);
}
[[nodiscard]] inline Response icon_svg(Visit&) { return file_response("image/svg+xml", kIconSvg); }

}  // namespace privyseal::web
