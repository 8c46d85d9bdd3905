import{o,H as a}from"./index-Db7zgKkK.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
