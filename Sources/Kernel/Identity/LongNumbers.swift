/// Numbers that identify a person or an account, wherever they stand in a text that is kept in the clear.
public enum LongNumbers {
    /// The text with every run of five digits or more shortened to its last four.
    public static func masked(in text: String) -> String {
        text.replacing(#/[0-9]{5,}/#) { "****" + $0.output.suffix(4) }
    }
}
