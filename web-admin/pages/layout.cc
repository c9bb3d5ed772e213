#include "web-admin/pages/layout.h"

#include <array>
#include <chrono>
#include <format>
#include <sstream>

namespace privyseal::web {
namespace {

struct Entry {
  Place place;
  const char* path;
  const char* text;
  Access access;
};
constexpr std::array kNavigation{
    Entry{Place::kDashboard, "/", "Dashboard", Access::kSignedIn},
    Entry{Place::kMail, "/mail", "Mail", Access::kSignedIn},
    Entry{Place::kLine, "/line", "Line", Access::kSignedIn},
    Entry{Place::kRules, "/rules", "Rules", Access::kSignedIn},
    Entry{Place::kCertificates, "/certificates", "Certificates", Access::kSignedIn},
    Entry{Place::kKeys, "/keys", "Keys", Access::kSignedIn},
    Entry{Place::kAudit, "/audit", "Audit", Access::kSignedIn},
    Entry{Place::kUsers, "/users", "Users", Access::kSignedIn},
};

Html head(std::string_view title) {
  return el("head", {}, el("meta", {{"charset", "utf-8"}}), el("title", {}, title, " - Privyseal"),
            el("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}),
            el("meta", {{"name", "color-scheme"}, {"content", "light"}}),
            el("link", {{"rel", "icon"}, {"href", "/assets/icon.svg"}, {"type", "image/svg+xml"}}),
            el("link", {{"rel", "stylesheet"}, {"href", "/assets/console.css"}}));
}

Html brand(const Visit& visit) {
  return el("div", {{"class", "govuk-generic-header"}},
            el("div", {{"class", "govuk-generic-header__container govuk-width-container"}},
               el("div", {{"class", "govuk-generic-header__logo"}},
                  el("a", {{"href", "/"}, {"class", "govuk-generic-header__homepage-link"}},
                     el("span", {{"class", "ps-brand"}}, "Privyseal")),
                  el("span", {{"class", "ps-host"}}, visit.at.settings.host))));
}

Html navigation(const Visit& visit, Place place) {
  if (!visit.user) return {};
  Html items;
  for (const Entry& entry : kNavigation) {
    if (!visit.may(entry.access)) continue;
    const bool is_here = entry.place == place;
    items += el("li",
                {{"class", is_here ? "govuk-service-navigation__item govuk-service-navigation__item--active"
                                   : "govuk-service-navigation__item"}},
                el("a",
                   {{"class", "govuk-service-navigation__link"},
                    {"href", entry.path},
                    is_here ? Attribute("aria-current", "page") : Attribute("aria-current", false)},
                   entry.text));
  }
  return el("nav", {{"class", "govuk-service-navigation"}, {"aria-label", "Menu"}},
            el("div", {{"class", "govuk-width-container"}},
               el("div", {{"class", "govuk-service-navigation__container"}},
                  el("div", {{"class", "govuk-service-navigation__wrapper"}},
                     el("ul", {{"class", "govuk-service-navigation__list"}}, items)))));
}

Html who_is_it(const Visit& visit) {
  if (!visit.user) return {};
  return el(
      "div", {{"class", "ps-who"}},
      el("span", {}, "Signed in as ", el("strong", {}, visit.user->name), ", ", to_string(visit.user->role)),
      el("form", {{"method", "post"}, {"action", "/sign-out"}},
         el("input", {{"type", "hidden"}, {"name", "token"}, {"value", visit.token}}),
         el("button", {{"class", "ps-link-button govuk-link"}}, "Sign out")));
}

Html token_banner(const Visit& visit) {
  if (!visit.at.token_banner.is_test(std::chrono::steady_clock::now())) return {};
  return el(
      "div", {{"class", "govuk-phase-banner govuk-width-container"}},
      el("p", {{"class", "govuk-phase-banner__content"}},
         el("strong", {{"class", "govuk-tag govuk-tag--orange govuk-phase-banner__content__tag"}},
            "Test token, not validated"),
         el("span", {{"class", "govuk-phase-banner__text"}},
            "Nothing shows that the keys of this appliance lie in a validated token. It is for practice, "
            "not for real mail.")));
}

Html foot() {
  return el("footer", {{"class", "ps-footer"}},
            el("div", {{"class", "govuk-width-container"}},
               "All times are UTC. This page does not refresh itself; 10 minutes without a click end your "
               "session."));
}

std::string_view tone_class(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "govuk-tag govuk-tag--green";
    case Tone::kNeutral:
      return "govuk-tag govuk-tag--grey";
    case Tone::kAttention:
      return "govuk-tag govuk-tag--yellow";
    case Tone::kBad:
      return "govuk-tag govuk-tag--red";
  }
  return "govuk-tag";
}

Html form_of(const Visit& visit, const std::string& path, const Html& content, Attribute type) {
  return el("form", {{"method", "post"}, {"action", path}, std::move(type), {"novalidate", true}},
            el("input", {{"type", "hidden"}, {"name", "token"}, {"value", visit.token}}), content);
}

}  // namespace

Response page(const Visit& visit, Place place, std::string_view title, const Html& content, Status status) {
  const Html body = el("body", {{"class", "govuk-template__body"}},
                       el("a", {{"href", "#main"}, {"class", "govuk-skip-link"}}, "Skip to main content"),
                       el("header", {}, brand(visit), navigation(visit, place), token_banner(visit),
                          el("div", {{"class", "govuk-width-container"}}, who_is_it(visit))),
                       el("div", {{"class", "govuk-width-container"}},
                          el("main", {{"class", "govuk-main-wrapper"}, {"id", "main"}, {"tabindex", "-1"}},
                             el("h1", {{"class", "govuk-heading-l"}}, title), content)),
                       foot());
  return html_response(document(el("html", {{"lang", "en"}, {"class", "govuk-template"}}, head(title), body)),
                       status);
}

Response apology(Visit& visit, Status status, std::string_view title, std::string_view text) {
  const Html onward =
      visit.user ? link("/", "Go to the dashboard") : link("/sign-in", "Go to the sign-in page");
  return page(visit, Place::kNone, title, join(paragraph(text), paragraph(onward)), status);
}

Html paragraph(const Html& content) { return el("p", {{"class", "govuk-body"}}, content); }

Html heading(std::string_view text, std::string_view id) {
  return el("h2", {{"class", "govuk-heading-m"}, id.empty() ? Attribute("id", false) : Attribute("id", id)},
            text);
}

Html link(const std::string& path, const Html& content) {
  return el("a", {{"class", "govuk-link"}, {"href", path}}, content);
}

Html inset(const Html& content) { return el("div", {{"class", "govuk-inset-text"}}, content); }

Html problem(std::string_view title, const std::vector<std::string>& reasons) {
  Html items;
  for (const std::string& reason : reasons) items += el("li", {}, reason);
  return el("div", {{"class", "govuk-error-summary"}},
            el("div", {{"role", "alert"}}, el("h2", {{"class", "govuk-error-summary__title"}}, title),
               el("div", {{"class", "govuk-error-summary__body"}},
                  el("ul", {{"class", "govuk-list govuk-error-summary__list"}}, items))));
}

Html warning(std::string_view text) {
  return el("div", {{"class", "govuk-warning-text"}},
            el("span", {{"class", "govuk-warning-text__icon"}, {"aria-hidden", "true"}}, "!"),
            el("strong", {{"class", "govuk-warning-text__text"}},
               el("span", {{"class", "govuk-visually-hidden"}}, "Warning "), text));
}

Html success(std::string_view text) {
  return el("div",
            {{"class", "govuk-notification-banner govuk-notification-banner--success"},
             {"role", "alert"},
             {"aria-labelledby", "done"}},
            el("div", {{"class", "govuk-notification-banner__header"}},
               el("h2", {{"class", "govuk-notification-banner__title"}, {"id", "done"}}, "Done")),
            el("div", {{"class", "govuk-notification-banner__content"}},
               el("p", {{"class", "govuk-notification-banner__heading"}}, text)));
}

Html tag(Tone tone, std::string_view word) { return el("strong", {{"class", tone_class(tone)}}, word); }

std::string card_class(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "ps-light ps-light--good";
    case Tone::kAttention:
      return "ps-light ps-light--attention";
    case Tone::kBad:
      return "ps-light ps-light--bad";
    case Tone::kNeutral:
      break;
  }
  return "ps-light";
}

Html long_text(std::string_view text) { return el("span", {{"class", "ps-long"}}, text); }

Html summary(const std::vector<Row>& rows) {
  Html list;
  for (const Row& row : rows)
    list += el("div", {{"class", "govuk-summary-list__row"}},
               el("dt", {{"class", "govuk-summary-list__key"}}, row.key),
               el("dd", {{"class", "govuk-summary-list__value"}}, row.value));
  return el("dl", {{"class", "govuk-summary-list"}}, list);
}

Html table(const Table& table) {
  Html head_cells;
  for (const std::string& column : table.columns)
    head_cells += el("th", {{"scope", "col"}, {"class", "govuk-table__header"}}, column);
  Html rows;
  for (const auto& row : table.rows) {
    Html cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells += el("td", {{"class", "govuk-table__cell"}},
                  el("span", {{"class", "ps-cell-name"}, {"aria-hidden", "true"}}, table.columns[i]), row[i]);
    rows += el("tr", {{"class", "govuk-table__row"}}, cells);
  }
  return el(
      "table", {{"class", "govuk-table ps-table"}},
      el("caption",
         {{"class", table.is_caption_hidden ? "govuk-visually-hidden"
                                            : "govuk-table__caption govuk-table__caption--m"}},
         table.caption),
      el("thead", {{"class", "govuk-table__head"}}, el("tr", {{"class", "govuk-table__row"}}, head_cells)),
      el("tbody", {{"class", "govuk-table__body"}}, rows));
}

Html form(const Visit& visit, const std::string& path, const Html& content) {
  return form_of(visit, path, content, Attribute("enctype", false));
}

Html form_with_file(const Visit& visit, const std::string& path, const Html& content) {
  return form_of(visit, path, content, Attribute("enctype", "multipart/form-data"));
}

Html button(std::string_view text, ButtonKind kind) {
  std::string_view kind_class = "govuk-button";
  if (kind == ButtonKind::kSecondary) kind_class = "govuk-button govuk-button--secondary";
  if (kind == ButtonKind::kWarning) kind_class = "govuk-button govuk-button--warning";
  return el("button", {{"type", "submit"}, {"class", kind_class}}, text);
}

Html act_button(const Visit& visit, const std::string& path, std::string_view text, ButtonKind kind) {
  return form(visit, path, button(text, kind));
}

Html script() { return el("script", {{"src", "/assets/console.js"}, {"type", "module"}}, ""); }

Html input(const Input& input) {
  const std::string id = input.id.empty() ? input.name : input.id;
  const std::string hint_id = id + "-hint";
  const Html hint =
      input.hint.empty() ? Html() : el("div", {{"id", hint_id}, {"class", "govuk-hint"}}, input.hint);
  return el("div", {{"class", "govuk-form-group"}},
            el("label", {{"class", "govuk-label"}, {"for", id}}, input.label), hint,
            el("input", {{"class", input.is_wide ? "govuk-input" : "govuk-input govuk-!-width-two-thirds"},
                         {"id", id},
                         {"name", input.name},
                         {"type", input.type},
                         {"value", input.value},
                         {"spellcheck", "false"},
                         {"autocomplete", input.autocomplete},
                         input.hint.empty() ? Attribute("aria-describedby", false)
                                            : Attribute("aria-describedby", hint_id)}));
}

Html file_input(const FileInput& input) {
  return el("div", {{"class", "govuk-form-group"}},
            el("label", {{"class", "govuk-label"}, {"for", "file"}}, input.label),
            el("div", {{"class", "govuk-hint"}, {"id", "file-hint"}}, input.hint),
            el("input", {{"class", "govuk-file-upload"},
                         {"type", "file"},
                         {"id", "file"},
                         input.is_sent ? Attribute("name", "file") : Attribute("name", false),
                         {"aria-describedby", "file-hint"}}));
}

Html reason_input(const Reason& reason) {
  return input({.name = "why",
                .label = "Reason",
                .hint = reason.hint,
                .value = reason.value,
                .is_wide = true,
                .id = reason.id});
}

Html pem_input(std::string_view label) {
  return el("div", {{"class", "govuk-form-group"}},
            el("label", {{"class", "govuk-label"}, {"for", "pem"}}, label),
            el("textarea",
               {{"class", "govuk-textarea ps-code"},
                {"id", "pem"},
                {"name", "pem"},
                {"rows", "6"},
                {"spellcheck", "false"}},
               ""));
}

Html text_area(const TextArea& area) {
  const std::string hint_id = area.name + "-hint";
  return el("div", {{"class", "govuk-form-group"}},
            el("label", {{"class", "govuk-label"}, {"for", area.name}}, area.label),
            el("div", {{"id", hint_id}, {"class", "govuk-hint"}}, area.hint),
            el("textarea",
               {{"class", "govuk-textarea"},
                {"id", area.name},
                {"name", area.name},
                {"rows", "4"},
                {"aria-describedby", hint_id}},
               area.value));
}

Html select(const Select& select) {
  const std::string id = select.id.empty() ? select.name : select.id;
  return el("div", {{"class", "govuk-form-group"}},
            el("label", {{"class", "govuk-label"}, {"for", id}}, select.label),
            el("select",
               {{"class", select.has_long_options ? "govuk-select ps-select" : "govuk-select"},
                {"id", id},
                {"name", select.name}},
               select.options));
}

std::optional<std::chrono::sys_seconds> parse_time(std::string_view rfc3339) {
  if (rfc3339.size() < 20 || rfc3339.size() > 30 || rfc3339.back() != 'Z') return {};
  std::istringstream stream{std::string(rfc3339.substr(0, 19))};
  std::chrono::sys_seconds time;
  stream >> std::chrono::parse("%Y-%m-%dT%H:%M:%S", time);
  if (stream.fail()) return {};
  return time;
}

std::string friendly_time(std::string_view rfc3339) {
  if (rfc3339.empty()) return "not known";
  const auto time = parse_time(rfc3339);
  if (!time) return std::string(rfc3339);
  const std::string text = std::format("{:%e %B %Y at %H:%M} UTC", *time);
  return text.starts_with(' ') ? text.substr(1) : text;
}

Html not_answering(std::string_view who, std::string_view consequence) {
  return inset(join(who, " is not answering just now. ", consequence));
}

std::string shown(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(std::string_view(value->get_string()));
  if (value->is_bool()) return value->get_bool() ? "yes" : "no";
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_uint64()) return std::to_string(value->get_uint64());
  return {};
}

std::int64_t count_of(const JsonObject& object, std::string_view key) {
  return json_number(object, key, 0, 0, INT64_MAX).value_or(0);
}

}  // namespace privyseal::web
