// A PKCS#11 module that hands everything on to a real one, counts log-ins and fails to order.
//
// From the environment:
//   PRIVYSEAL_REAL_MODULE  the module behind it
//   PRIVYSEAL_LOGINS       a file that gets one byte for each C_Login
//   PRIVYSEAL_SIGN_FAULT   a file; when it exists, the next C_Sign removes it and does what it says:
//                          a number is returned instead of signing, "flip" spoils the signature,
//                          "logout" logs everybody out, as a token does that was restarted
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST counting;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

CK_RV counted_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG length) {
  const int fd = ::open(from_environment("PRIVYSEAL_LOGINS").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd < 0 || ::write(fd, "L", 1) != 1) std::abort();
  ::close(fd);
  return real->C_Login(session, user, pin, length);
}

/// The fault that was ordered; each order is taken by one thread only.
std::string take_fault() {
  const std::string file = from_environment("PRIVYSEAL_SIGN_FAULT");
  std::string fault;
  std::ifstream(file) >> fault;
  if (fault.empty() || ::unlink(file.c_str()) != 0) return "";
  return fault;
}

CK_RV faulty_sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG length, CK_BYTE* signature,
                  CK_ULONG* signature_length) {
  const std::string fault = take_fault();
  if (fault == "logout") {
    real->C_Logout(session);
    return CKR_USER_NOT_LOGGED_IN;
  }
  if (!fault.empty() && fault != "flip") return std::stoul(fault, nullptr, 0);
  const CK_RV value = real->C_Sign(session, data, length, signature, signature_length);
  if (value == CKR_OK && fault == "flip") signature[0] ^= 1;
  return value;
}

}  // namespace

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** functions) {
  void* library = ::dlopen(from_environment("PRIVYSEAL_REAL_MODULE").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return CKR_GENERAL_ERROR;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (get == nullptr || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  counting = *real;
  counting.C_Login = counted_login;
  counting.C_Sign = faulty_sign;
  *functions = &counting;
  return CKR_OK;
}
