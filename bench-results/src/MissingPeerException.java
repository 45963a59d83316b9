/// A program that a benchmark compares with is not installed, or something else it needs is not there.
final class MissingPeerException extends Exception {
  private static final long serialVersionUID = 1L;

  MissingPeerException(String reason) {
    super(reason);
  }

  MissingPeerException(String program, String debianPackage) {
    super(program + " is not on the PATH; on Debian: apt-get install " + debianPackage);
  }
}
