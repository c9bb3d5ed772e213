#include "ca/authority/est_responder.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "ca/est.h"

namespace privyseal::authority {
namespace {

constexpr int kOk = 200;
constexpr int kAccepted = 202;
constexpr int kNoContent = 204;
constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kUnsupportedMediaType = 415;
constexpr int kServiceUnavailable = 503;

struct Operation {
  std::string_view target;
  std::string_view method;
};
constexpr std::array kOperations{
    Operation{ca::kEstCaCerts, "GET"},
    Operation{ca::kEstCsrAttrs, "GET"},
    Operation{ca::kEstSimpleEnroll, "POST"},
    Operation{ca::kEstSimpleReenroll, "POST"},
};

EstReply words(int status, std::string text) {
  EstReply reply;
  reply.status = status;
  reply.content_type = "text/plain";
  reply.body = std::move(text) + "\r\n";
  return reply;
}

EstReply no_content() {
  EstReply reply;
  reply.status = kNoContent;
  return reply;
}

EstReply certificates(std::span<const ca::Certificate> list) {
  EstReply reply;
  reply.status = kOk;
  reply.content_type = "application/pkcs7-mime; smime-type=certs-only";
  reply.transfer_encoding = "base64";
  reply.body = ca::est_certificates_body(list);
  return reply;
}

/// The peer hears what he can mend; what is wrong on our side is not his business.
EstReply refusal(const Error& error, std::chrono::seconds retry_after) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return words(kBadRequest, error.message);
    case ErrorCode::kDenied:
      return words(kForbidden, error.message);
    default:
      break;
  }
  EstReply reply = words(kServiceUnavailable, "not now");
  reply.retry_after = retry_after;
  return reply;
}

bool is_request_type(std::string_view content_type) {
  std::string_view name = content_type.substr(0, content_type.find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return std::ranges::equal(name, ca::kEstRequestType, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

}  // namespace

EstResponder::EstResponder(Authority& authority, EstResponderSettings settings)
    : authority_(authority), settings_(std::move(settings)) {}

EstReply EstResponder::answer(const EstRequest& request) {
  const auto operation = std::ranges::find(kOperations, request.target, &Operation::target);
  if (operation == kOperations.end()) return words(kNotFound, "no such EST operation");
  if (request.method != operation->method) {
    EstReply reply = words(kMethodNotAllowed, "another method is needed");
    reply.allow = operation->method;
    return reply;
  }
  // RFC 7030 section 4.1: anybody may ask for the root, and what a request should hold.
  if (operation->target == ca::kEstCaCerts) return certificates({&authority_.root(), 1});
  if (operation->target == ca::kEstCsrAttrs) return no_content();
  return operation->target == ca::kEstSimpleEnroll ? enroll(request) : reenroll(request);
}

EstReply EstResponder::enroll(const EstRequest& request) {
  if (request.caller.certificate) return reenroll(request);
  if (!request.caller.password_user.empty()) return decide(request, request.caller.password_user);
  EstReply reply = words(kUnauthorized, "who are you?");
  reply.authenticate = "Basic realm=\"enrolment\"";
  return reply;
}

EstReply EstResponder::reenroll(const EstRequest& request) {
  const auto& certificate = request.caller.certificate;
  if (!certificate) return words(kForbidden, "renewal needs the current certificate");
  const auto is_good = authority_.is_good(*certificate);
  if (!is_good) return refusal(is_good.error(), settings_.retry_after);
  if (!*is_good) return words(kForbidden, "the certificate that was shown is not valid here");
  return decide(request, certificate->subject);
}

EstReply EstResponder::decide(const EstRequest& request, const std::string& requester) {
  if (!is_request_type(request.content_type))
    return words(kUnsupportedMediaType, "the request must be of type " + std::string(ca::kEstRequestType));
  const auto der = ca::parse_est_request_body(request.body);
  if (!der) return refusal(der.error(), settings_.retry_after);
  if (request.caller.certificate) {
    const auto wanted = parse_request(*der);
    if (!wanted) return refusal(wanted.error(), settings_.retry_after);
    if (!is_for_the_same(*wanted, *request.caller.certificate))
      return words(kForbidden, "a renewal must ask for the subject and names of the current certificate");
  }
  const auto decision = authority_.request(settings_.profile, *der, requester);
  if (!decision) return refusal(decision.error(), settings_.retry_after);
  if (*decision) return certificates({&**decision, 1});
  EstReply reply = words(kAccepted, "somebody has to approve this; ask again later");
  reply.retry_after = settings_.retry_after;
  return reply;
}

}  // namespace privyseal::authority
