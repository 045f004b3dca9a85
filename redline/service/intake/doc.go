// Package intake takes in what people send to the service: events of cases, and files of evidence. README.md describes
// the requests.
//
// An event is taken by the rules of package ledger, as the commands take it, and compared with what others have said
// since its sender saw the case ([ledgerwork.Story.Hear]). Who speaks, at which level and when is said by the service,
// never by the request.
//
// # Once
//
// Each request has a key of its sender. Digests of both and of the request's body stay in the events that it makes
// ([ledger.FieldRequest]), so that a request that is sent again finds them among the events of its case, whatever was
// lost in between: the process, the answer, or the machine's power.
//
// # Writing
//
// Requests are taken one after the other. Where another process has written to the ledger meanwhile, a request is
// compared anew, a few times. What is acknowledged was appended to the store, and all of a request is, or nothing.
package intake
