@main struct Wekeza { static func main() {} }
